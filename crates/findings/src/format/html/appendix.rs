//! The end of the report: what was read, what could be seen in it, and how the report was made.

use crate::escape::Html;
use crate::format::{put, thousands};
use crate::{CoverageRow, InputSummary, Report};

/// Most files that are listed.
const FILES_MAX: usize = 1_000;

/// Files, records, and what was skipped.
pub(crate) fn inputs(out: &mut String, inputs: &InputSummary) {
    let skipped: u64 = inputs.skipped.iter().fold(0, |sum, it| sum.saturating_add(it.count));
    put(
        out,
        format_args!(
            "<section class=\"panel\" id=\"inputs\">\n<h2>What was read</h2>\n<p class=\"caption\">\
             {} files, {} records taken, {} skipped</p>\n",
            thousands(inputs.files.len() as u64),
            thousands(inputs.records),
            thousands(skipped)
        ),
    );
    if !inputs.skipped.is_empty() {
        skipped_table(out, inputs);
    }
    if !inputs.files.is_empty() {
        files_table(out, inputs);
    }
    out.push_str("</section>\n");
}

fn skipped_table(out: &mut String, inputs: &InputSummary) {
    out.push_str(
        "<h4>Skipped</h4>\n<div class=\"scroll\"><table><thead><tr><th>Cause</th>\
         <th class=\"n\">Records</th><th>Sample</th></tr></thead>\n<tbody>\n",
    );
    for it in &inputs.skipped {
        put(
            out,
            format_args!(
                "<tr><td>{}</td><td class=\"n\">{}</td><td><code>{}</code></td></tr>\n",
                Html(&it.cause),
                thousands(it.count),
                Html(&it.sample)
            ),
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn files_table(out: &mut String, inputs: &InputSummary) {
    let open = if inputs.files.len() <= 20 { " open" } else { "" };
    put(
        out,
        format_args!(
            "<details{open}><summary>Files</summary>\n<div class=\"scroll\"><table><thead><tr>\
             <th>File</th><th>Read as</th><th class=\"n\">Bytes</th><th class=\"n\">Records</th>\
             <th class=\"n\">Skipped</th></tr></thead>\n<tbody>\n"
        ),
    );
    for it in inputs.files.iter().take(FILES_MAX) {
        put(out, format_args!("<tr><td><code>{}</code>", Html(&it.name)));
        if !it.sha256.is_empty() {
            put(
                out,
                format_args!(
                    "<br><span class=\"hash\">SHA-256 <code>{}</code></span>",
                    Html(&it.sha256)
                ),
            );
        }
        put(
            out,
            format_args!(
                "</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
                 <td class=\"n\">{}</td></tr>\n",
                Html(&it.format),
                thousands(it.bytes),
                thousands(it.records),
                thousands(it.skipped)
            ),
        );
    }
    out.push_str("</tbody></table></div>\n");
    if inputs.files.len() > FILES_MAX {
        let more = thousands((inputs.files.len() - FILES_MAX) as u64);
        put(out, format_args!("<p class=\"caption\">{more} more files are not listed.</p>\n"));
    }
    out.push_str("</details>\n");
}

/// Types of finding and whether the data that they need were there.
pub(crate) fn coverage(out: &mut String, rows: &[CoverageRow]) {
    let seen = rows.iter().filter(|it| it.is_seen).count() as u64;
    put(
        out,
        format_args!(
            "<section class=\"panel\" id=\"coverage\">\n<h2>What could be seen</h2>\n\
             <p class=\"caption\">The data for {} of {} types of finding were read. Where the \
             data are missing, nothing was looked for.</p>\n",
            thousands(seen),
            thousands(rows.len() as u64)
        ),
    );
    if !rows.is_empty() {
        out.push_str(
            "<div class=\"scroll\"><table><thead><tr><th>Type of finding</th><th>Needs</th>\
             <th>Data</th><th>Note</th></tr></thead>\n<tbody>\n",
        );
        for it in rows {
            coverage_row(out, it);
        }
        out.push_str("</tbody></table></div>\n");
    }
    out.push_str("</section>\n");
}

fn coverage_row(out: &mut String, row: &CoverageRow) {
    let needed: Vec<&str> = row.needed.iter().map(|it| it.as_str()).collect();
    let (class, word) = if row.is_seen { ("yes", "read") } else { ("no", "missing") };
    put(
        out,
        format_args!(
            "<tr><td><code>{}</code></td><td>{}</td><td><span class=\"mark {class}\">{word}</span></td>\
             <td>{}</td></tr>\n",
            Html(&row.finding_type),
            needed.join(" or "),
            Html(&row.note)
        ),
    );
}

/// Versions and command line.
pub(crate) fn making(out: &mut String, report: &Report<'_>) {
    out.push_str("<section class=\"panel\" id=\"making\">\n<h2>How this report was made</h2>\n");
    if !report.command.is_empty() {
        put(out, format_args!("<pre>{}</pre>\n", Html(&report.command)));
    }
    out.push_str("<ul>\n");
    for version in &report.versions {
        put(out, format_args!("<li>{}</li>\n", Html(version)));
    }
    out.push_str("</ul>\n</section>\n");
}
