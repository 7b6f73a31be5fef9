//! Pages about runs and models: one file each, in which nothing of the data is markup.

use serde_json::Value;

use crate::command::{Place, TINY, frames, rows, shared};

/// Asserts that a page is one file: nothing is loaded, no script runs, every element that begins ends.
fn assert_stands_alone(page: &str) {
    for part in ["<script", "http://", "src=\"", "@import", "url("] {
        // The namespace of SVG is a name, and is not loaded.
        let found = page.replace("http://www.w3.org/2000/svg", "").contains(part);
        assert!(!found, "{part} in the page");
    }
    assert!(!page.replace("https://www.w3.org", "").contains("https://"));
    for element in ["section", "table", "div", "svg", "style", "main", "pre", "p"] {
        let begin = page.matches(&format!("<{element}>")).count() + page.matches(&format!("<{element} ")).count();
        assert_eq!(begin, page.matches(&format!("</{element}>")).count(), "{element}");
    }
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("width=device-width"));
}

fn page(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.path(name)).unwrap()
}

#[test]
fn a_run_has_a_page_with_all_that_is_known_of_it() {
    let page = page(shared(), "run/report.html");
    assert_stands_alone(&page);
    for part in [
        "<title>Training on rows.csv</title>",
        "Learning curves",
        "Confusion matrix",
        "Accuracy by length",
        "Reliability",
        "<td>f32</td>",
        "<td>int8</td>",
        "<td>int4</td>",
        "recurrent weights",
        "nRF52840",
        "hidden_size",
        "trainer train --config RUN/config.toml --out AGAIN",
    ] {
        assert!(page.contains(part), "no {part}");
    }
}

#[test]
fn labels_and_texts_are_no_markup() {
    let place = Place::new();
    let hostile = rows()
        .replace("on,", "<script>alert(1)</script>,")
        .replace("off,", "\"\"\" onload='x'&amp;\",")
        .replace("please", "<img src=x onerror=alert(2)> please");
    place.write("rows.csv", hostile.as_bytes());
    place.run(&format!("train --data rows.csv --out run {TINY}")).assert_done("train");
    let run = page(&place, "run/report.html");
    assert_stands_alone(&run);
    assert!(run.contains("&#60;script&#62;alert(1)") || run.contains("&lt;script&gt;alert(1)"), "the label is shown");
    assert!(!run.contains("<img"));
    place.run("export run --precision int8 --out model.rnl").assert_done("export");
    // Every row has the other label: each is a mistake or was one before.
    place.run("evaluate model.rnl --data rows.csv --report page.html").assert_done("evaluate");
    let model = page(&place, "page.html");
    assert_stands_alone(&model);
    assert!(!model.contains("<img"));
    std::fs::rename(place.path("run"), place.path("<b>run")).unwrap();
    place.run("report <b>run <b>run --out compared.html").assert_done("report");
    let compared = page(&place, "compared.html");
    assert_stands_alone(&compared);
    assert!(!compared.contains("<b>"), "{compared}");
}

#[test]
fn mistakes_of_frames_are_drawn() {
    let place = Place::new();
    place.write("frames.csv", frames().as_bytes());
    place
        .run("train --data frames.csv --out run --epochs 1 --folds 0 --hidden-size 4 --device cpu")
        .assert_done("train");
    place.run("export run --precision int8 --out model.rnl").assert_done("export");
    // With the labels swapped, at least half of the rows are mistakes.
    let swapped = frames().replace(",on,", ",swapped,").replace(",off,", ",on,").replace(",swapped,", ",off,");
    place.write("swapped.csv", swapped.as_bytes());
    let mut mistakes = 0;
    for (data, out) in [("frames.csv", "right.html"), ("swapped.csv", "wrong.html")] {
        place.run(&format!("evaluate model.rnl --data {data} --report {out}")).assert_done(data);
        let page = page(&place, out);
        assert_stands_alone(&page);
        let shown = page.matches("class=\"mistake\"").count();
        // Two channels each.
        assert_eq!(page.matches("<polyline class=\"c0\"").count(), shown);
        assert_eq!(page.matches("<polyline class=\"c1\"").count(), shown);
        mistakes += shown;
    }
    assert!(mistakes >= 18, "{mistakes}");
}

#[test]
fn a_cross_validated_run_has_its_mistakes_without_probabilities() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    let command =
        "train --data rows.csv --out run --folds 2 --epochs 1 --hidden-size 4 --embedding-size 4 --device cpu";
    let outcome = place.run(command);
    outcome.assert_done(command);
    assert!(outcome.stderr.contains("to look at: run/report.html"), "{}", outcome.stderr);
    let page = page(&place, "run/report.html");
    assert_stands_alone(&page);
    assert!(page.contains("40 rows, cross-validated") && page.contains("2 parts, each held out once"));
    assert!(!page.contains("<h2>Reliability</h2>"));
}

#[test]
fn a_page_that_cannot_be_written_loses_nothing() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    place.run(&format!("train --data rows.csv --out run {TINY}")).assert_done("train");
    std::fs::remove_file(place.path("run/report.html")).unwrap();
    // A folder is where the page would be.
    std::fs::create_dir(place.path("run/report.html")).unwrap();
    let outcome = place.run("train --resume --out run --device cpu");
    assert!(outcome.assert_done("resume").contains("accuracy"), "{outcome:?}");
    let says = "the run is complete, but the page about it was not written: run/report.html: is a folder";
    assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
    place.run("export run --precision int8 --out model.rnl").assert_done("export");
}

#[test]
fn pages_are_claimed_like_all_outputs() {
    let place = Place::new();
    place.copy_run("run");
    place.write("rows.csv", rows().as_bytes());
    place.run("export run --precision int8 --out model.rnl").assert_done("export");
    place.write("page.html", b"mine");
    for (command, says) in [
        ("evaluate model.rnl --data rows.csv --report page.html", "exists already; choose another --report"),
        ("evaluate model.rnl --data rows.csv --report rows.csv --force", "will not overwrite it"),
        ("evaluate model.rnl --data rows.csv --report nowhere/page.html", "nowhere"),
        ("report run --out page.html", "exists already; choose another --out"),
        ("report run --out run/config.toml --force", "will not overwrite it"),
        ("report rows.csv --out other.html", "not the folder of a run"),
    ] {
        place.assert_refused(command, &[says]);
    }
    place.run("report run --out page.html --force").assert_done("report");
    assert_stands_alone(&page(&place, "page.html"));
    let outcome = place.run("evaluate model.rnl --data rows.csv --report page.html --force --json");
    let report: Value = serde_json::from_str(outcome.assert_done("evaluate")).unwrap();
    assert_eq!(report["rows"], 40);
}
