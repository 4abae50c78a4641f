//! The result depends on the content alone.

mod common;

use common::{Folder, gzip, log, query};

/// Logs of several hours in files whose names say nothing of their order.
fn corpus() -> Folder {
    let folder = Folder::new();
    for number in 0..40u64 {
        let minute = number * 13;
        let mut text = log(minute, number % 7);
        for at in 0..300 {
            text += &query(minute + at / 40, (number + at) % 11, &format!("h{at}.example.com"));
        }
        let name = format!("{:02}.gz", (number * 17) % 40);
        folder.write(&name, gzip(&text));
    }
    folder
}

#[test]
fn any_number_of_threads_gives_the_same() {
    let folder = corpus();
    // Small blocks and batches make many of both.
    folder.write("small.toml", "[limits]\nblock_rows = 64\n[intake]\nbatch_rows = 200\n");
    let run = |threads: &str, more: &[&str]| {
        let ran = folder.run(&[&["scan", ".", "--threads", threads], more].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.findings()
    };
    let expected = run("1", &[]);
    assert!(expected.len() >= 7, "{}", expected.len());
    for threads in ["2", "4", "9"] {
        assert!(run(threads, &[]) == expected, "{threads} threads");
        assert!(run(threads, &["--config", "small.toml"]) == expected, "{threads} threads, small");
    }
}

#[test]
fn the_order_of_arguments_makes_no_difference() {
    let folder = corpus();
    let mut names: Vec<String> = (0..40).map(|it| format!("{it:02}.gz")).collect();
    let mut run = |reversed: bool| {
        if reversed {
            names.reverse();
        }
        let args: Vec<&str> =
            ["scan"].into_iter().chain(names.iter().map(String::as_str)).collect();
        folder.run(&args).findings()
    };
    let expected = run(false);
    assert!(run(true) == expected);
}
