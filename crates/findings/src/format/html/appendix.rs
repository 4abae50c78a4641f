//! The end of the report: what was read, and how the report was made.

use crate::escape::Html;
use crate::format::html::parts::cut;
use crate::format::{minutes, put, thousands};
use crate::{InputSummary, Report};

/// Most files that are listed.
const FILES_MAX: usize = 1_000;
/// Most causes of skipped records, and lists, that are listed.
const ROWS_MAX: usize = 200;

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
    if !inputs.kinds.is_empty() {
        kinds_table(out, inputs);
    }
    if !inputs.skipped.is_empty() {
        skipped_table(out, inputs);
    }
    if !inputs.files.is_empty() {
        files_table(out, inputs);
    }
    out.push_str("</section>\n");
}

fn kinds_table(out: &mut String, inputs: &InputSummary) {
    out.push_str(
        "<div class=\"scroll\"><table><thead><tr><th>Kind</th><th class=\"n\">Records</th>\
         <th class=\"n\">Files</th><th class=\"n\">Accounts</th><th>From (UTC)</th><th>To (UTC)</th></tr></thead>\n\
         <tbody>\n",
    );
    for it in &inputs.kinds {
        put(
            out,
            format_args!(
                "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
                 <td class=\"time\">{}</td><td class=\"time\">{}</td></tr>\n",
                Html(&it.name),
                thousands(it.records),
                thousands(it.files),
                thousands(it.accounts),
                minutes(it.first),
                minutes(it.last)
            ),
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn skipped_table(out: &mut String, inputs: &InputSummary) {
    out.push_str(
        "<h4>Skipped</h4>\n<div class=\"scroll\"><table><thead><tr><th>Cause</th>\
         <th class=\"n\">Records</th><th>Sample</th></tr></thead>\n<tbody>\n",
    );
    for it in inputs.skipped.iter().take(ROWS_MAX) {
        put(
            out,
            format_args!(
                "<tr><td>{}</td><td class=\"n\">{}</td><td><code>{}</code></td></tr>\n",
                Html(&cut(&it.cause)),
                thousands(it.count),
                Html(&cut(&it.sample))
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
            "<details{open}><summary>Files</summary>\n<div class=\"scroll\"><table class=\"files\"><thead><tr>\
             <th>File</th><th>Read as</th><th class=\"n\">Bytes</th><th class=\"n\">Records</th>\
             <th class=\"n\">Skipped</th></tr></thead>\n<tbody>\n"
        ),
    );
    for it in inputs.files.iter().take(FILES_MAX) {
        put(out, format_args!("<tr><td><code>{}</code>", Html(&cut(&it.name))));
        if !it.sha256.is_empty() {
            put(
                out,
                format_args!(
                    "<br><span class=\"hash\">SHA-256 <code>{}</code></span>",
                    Html(&cut(&it.sha256))
                ),
            );
        }
        put(
            out,
            format_args!(
                "</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
                 <td class=\"n\">{}</td></tr>\n",
                Html(&cut(&it.format)),
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

/// Command line, versions, settings and lists.
pub(crate) fn making(out: &mut String, report: &Report<'_>) {
    out.push_str("<section class=\"panel\" id=\"making\">\n<h2>How this report was made</h2>\n");
    if !report.command.is_empty() {
        put(out, format_args!("<pre>{}</pre>\n", Html(&cut(&report.command))));
    }
    out.push_str("<ul>\n");
    for version in &report.versions {
        put(out, format_args!("<li>{}</li>\n", Html(&cut(version))));
    }
    if !report.settings.is_empty() {
        put(
            out,
            format_args!(
                "<li>SHA-256 of the settings <code>{}</code></li>\n",
                Html(&cut(&report.settings))
            ),
        );
    }
    out.push_str("</ul>\n");
    if !report.lists.is_empty() {
        lists_table(out, report);
    }
    out.push_str(
        "<p class=\"caption\">The same logs, lists, settings and program give the same report, byte for \
         byte.</p>\n</section>\n",
    );
}

fn lists_table(out: &mut String, report: &Report<'_>) {
    out.push_str(
        "<details><summary>Lists of addresses and names</summary>\n<div class=\"scroll\"><table class=\"files\"><thead><tr>\
         <th>List</th><th>Category</th><th>Origin</th><th class=\"n\">Entries</th></tr></thead>\n<tbody>\n",
    );
    for it in report.lists.iter().take(ROWS_MAX) {
        put(
            out,
            format_args!(
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td class=\"n\">{}</td></tr>\n",
                Html(&cut(&it.name)),
                Html(&it.category),
                Html(&it.origin),
                thousands(it.entries)
            ),
        );
    }
    out.push_str("</tbody></table></div>\n</details>\n");
}
