use super::*;

fn selection(reading: &ReadOptions) -> Selection<'_> {
    Selection { validation: None, held_out: HeldOut::Share(0.2), seed: 1, reading }
}

#[test]
fn rows_that_change_between_two_readings_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, validation) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
    let rows = "a,one\nb,two\na,three\nb,four\n";
    for beside in [false, true] {
        std::fs::write(&path, rows).unwrap();
        std::fs::write(&validation, rows).unwrap();
        let given = beside.then(|| ValidationRows::of_file(validation.clone()).unwrap());
        let source = RowSource::file(path.clone()).unwrap();
        let data = TrainingData::survey(source, given, &selection(&ReadOptions::default()), "a.csv".into()).unwrap();
        assert_eq!((data.training_rows, data.validation_rows), if beside { (4, 4) } else { (2, 2) });
        let again =
            || data.for_each::<DataError>(&ReadOptions::default(), |_| Ok(())).map_err(|error| error.to_string());
        assert_eq!(again(), Ok(()));
        let changed = "the rows changed while they were read; train again when nothing writes to them";
        for content in [&rows.replace("one", "ONE"), &rows[..rows.len() - 7], &format!("{rows}a,five\n")] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(again(), Err(format!("a.csv: {changed}")), "{content}");
        }
        std::fs::write(&path, rows).unwrap();
        assert_eq!(again(), Ok(()));
        if beside {
            std::fs::write(&validation, format!("{rows}a,five\n")).unwrap();
            assert_eq!(again(), Err(format!("{}: {changed}", validation.display())));
        }
    }
}
