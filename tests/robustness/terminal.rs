//! What the terminal shows of networks, answers, chips and exports.

use serde_json::Value;

use crate::command::{Place, TINY, rows, shared};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_training_begins_with_its_network() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    let outcome = place.run(&format!("train --data rows.csv --out run {TINY}"));
    outcome.assert_done("train");
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    let start = lines.iter().position(|line| line.starts_with("layer ")).unwrap();
    assert!(lines[start].ends_with("parameters  bytes as int8"), "{}", outcome.stderr);
    let end = start + lines[start..].iter().position(|line| line.starts_with("total")).unwrap();
    let epoch = lines.iter().position(|line| line.starts_with("epoch ")).unwrap();
    assert!(end < epoch, "{}", outcome.stderr);
    let number = |line: &str, place: usize| -> usize {
        let words: Vec<&str> = line.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
        words[place].replace(',', "").parse().unwrap()
    };
    // GRU of 4 units over vectors of 4: 3 x 4 x (4 + 4) weights and 4 x 4 biases.
    let layer = lines.iter().find(|line| line.starts_with("layer 1 ")).unwrap();
    assert!(layer.contains("gru 4 -> 4") && number(layer, 2) == 112, "{layer}");
    let rows = &lines[start + 1..end];
    assert_eq!(rows.iter().map(|line| number(line, 2)).sum::<usize>(), number(lines[end], 1));
    assert_eq!(rows.iter().map(|line| number(line, 3)).sum::<usize>(), number(lines[end], 2));
    // The file that is exported has as many bytes, but for what a device does not need.
    place.run("export run --precision int8 --out model.rnl").assert_done("export");
    let inspection = json(place.run("inspect model.rnl --json").assert_done("inspect"));
    assert_eq!(inspection["device_bytes"], number(lines[end], 2));
}

#[test]
fn json_answers_have_raw_logits_beside_probabilities() {
    for precision in ["int8", "f32"] {
        let place = Place::new();
        place.write("model.rnl", &crate::command::model(precision));
        place.write("rows.csv", rows().as_bytes());
        let alone = place.run_with(&["predict", "model.rnl", "switch the lamp on", "--json"], b"");
        let answer = json(alone.assert_done("a text"));
        let classes = answer["classes"].as_array().unwrap();
        assert_eq!(classes.iter().map(|class| &class["label"]).collect::<Vec<_>>(), ["off", "on"]);
        let probabilities: Vec<f64> = classes.iter().map(|class| class["probability"].as_f64().unwrap()).collect();
        assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-3, "{probabilities:?}");
        let best = classes.iter().find(|class| class["label"] == answer["class"]).unwrap();
        assert_eq!(best["probability"], answer["probability"]);
        for class in classes {
            let (logit, raw) = (class["logit"].as_f64().unwrap(), class["raw_logit"].as_i64().unwrap());
            let expected = match precision {
                "int8" => raw as f64 / 65536.0,
                _ => f64::from(f32::from_bits(u32::try_from(raw).unwrap())),
            };
            assert!((logit - expected).abs() < 1e-5, "{precision}: {class}");
        }
        let piped = place.run_with(&["predict", "model.rnl", "--json"], b"switch the lamp on\nlamp\n");
        let lines: Vec<Value> = piped.assert_done("a pipe").lines().map(json).collect();
        assert_eq!((lines.len(), &lines[0]), (2, &answer));
        let of_file = place.run("predict model.rnl --data rows.csv --json");
        assert_eq!(of_file.assert_done("rows").lines().map(json).count(), 40);
        // A pipe is no terminal: lines, as before.
        let plain = place.run_with(&["predict", "model.rnl"], b"switch the lamp on\n");
        assert!(plain.assert_done("lines").contains(" logits ") && plain.stdout.lines().count() == 1);
    }
    let refused = shared().run("predict int8.rnl --data rows.csv --json --out answers.csv");
    assert!(refused.code == Some(2) && refused.stderr.contains("--out"), "{refused:?}");
}

#[test]
fn inspect_says_what_fits() {
    let place = Place::new();
    place.write("model.rnl", &crate::command::model("int8"));
    let inspection = json(place.run("inspect model.rnl --json").assert_done("inspect"));
    let chips = inspection["chips"].as_array().unwrap();
    let names: Vec<&str> = chips.iter().map(|chip| chip["name"].as_str().unwrap()).collect();
    for name in ["nRF52840", "STM32F411", "RP2040", "RP2350", "STM32H7", "ESP32-C3"] {
        assert!(names.iter().any(|found| found.starts_with(name)), "{name} in {names:?}");
    }
    for chip in chips {
        let number = |name: &str| chip[name].as_i64().unwrap();
        assert_eq!(chip["fits"], true);
        let reserved = inspection["reserved_bytes"].as_i64().unwrap();
        assert_eq!(number("ram_bytes") - number("ram_free"), reserved, "{chip}");
        assert!(number("flash_bytes") - number("flash_free") > inspection["device_bytes"].as_i64().unwrap(), "{chip}");
        assert!(!chip["source"].as_str().unwrap().is_empty());
    }
    let text = place.run("inspect model.rnl");
    assert_eq!(text.assert_done("inspect").matches(" fits ").count(), 6, "{}", text.stdout);
}

#[test]
fn an_export_says_what_calibration_rows_lose() {
    let place = Place::new();
    place.copy_run("run");
    place.write("rows.csv", rows().as_bytes());
    let export = |precision: &str| place.run(&format!("export run --precision {precision} --out {precision}.rnl"));
    for precision in ["f16", "int8", "int4"] {
        let outcome = export(precision);
        outcome.assert_done(precision);
        assert!(outcome.stderr.contains(" of 36 calibration rows change class; right on "), "{}", outcome.stderr);
        let changed: usize = outcome.stderr.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert_eq!(outcome.stderr.contains("warning: "), changed > 0, "{}", outcome.stderr);
    }
    assert_eq!(export("f32").stderr, "");
    // Other rows, or none: the file is written, and the reason is said.
    place.write("rows.csv", rows().replace("lamp", "light").as_bytes());
    let outcome = place.run("export run --precision int8 --out other.rnl");
    outcome.assert_done("other rows");
    assert!(outcome.stderr.starts_with("not compared with the trained network"), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    std::fs::remove_file(place.path("rows.csv")).unwrap();
    let outcome = place.run("export run --precision int8 --out missing.rnl");
    outcome.assert_done("no rows");
    assert!(outcome.stderr.contains("rows.csv: No such file"), "{}", outcome.stderr);
    assert_eq!(std::fs::read(place.path("missing.rnl")).unwrap(), std::fs::read(place.path("int8.rnl")).unwrap());
}
