//! Flow logs in Apache Parquet to the text that they would be: a header line, then a line a row.
//!
//! One parser serves both forms, and evidence names a place in this text. Only flat columns of integers and
//! strings are read, as AWS writes them
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>); others are left out.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use parquet::basic::Type;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::file::reader::{FileReader as _, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::schema::types::SchemaDescriptor;

/// Rows that are made to text at a time.
const ROWS: usize = 4096;
/// Most columns: all fields of version 11 are 60.
const COLUMNS_MAX: usize = 128;
/// Longest value; longer ones are cut. The longest field of a flow log is an ARN.
const VALUE_MAX: usize = 2048;
/// What a row group may say that its pages take: AWS writes some 100 MB at most.
const GROUP_BYTES_MAX: i64 = 1 << 30;

/// Whether the bytes are a whole Parquet file, by its magic number.
pub(super) fn is_parquet(head: &[u8]) -> bool {
    head.starts_with(b"PAR1")
}

/// The text of a Parquet file.
pub(super) struct Lines {
    file: SerializedFileReader<Bytes>,
    columns: Vec<usize>,
    /// The next row group.
    group: usize,
    readers: Vec<Column>,
    /// Rows of the current group that are still to come.
    rows: usize,
    text: Vec<u8>,
    at: usize,
    has_failed: bool,
}

impl Lines {
    /// Opens a file; the library that reads it may panic on a damaged one, which is an error like others.
    pub(super) fn new(bytes: Vec<u8>) -> io::Result<Lines> {
        guarded(|| {
            let file = SerializedFileReader::new(Bytes::from(bytes)).map_err(io::Error::other)?;
            let schema = file.metadata().file_metadata().schema_descr();
            let columns: Vec<usize> = flat_columns(schema).take(COLUMNS_MAX).collect();
            if columns.is_empty() {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let text = header(schema, &columns);
            let (readers, group, rows, at, has_failed) = (Vec::new(), 0, 0, 0, false);
            Ok(Lines { file, columns, group, readers, rows, text, at, has_failed })
        })
    }

    /// Makes the next rows to text; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.text.clear();
        self.at = 0;
        while self.rows == 0 {
            if self.group >= self.file.num_row_groups() {
                return Ok(false);
            }
            self.open_group()?;
        }
        let most = self.rows.min(ROWS);
        let mut rows = most;
        for column in &mut self.readers {
            // A column that ends early ends the group: rows without it would be shifted.
            rows = rows.min(column.read(most)?);
        }
        if rows == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        for row in 0..rows {
            for (at, column) in self.readers.iter().enumerate() {
                if at > 0 {
                    self.text.push(b' ');
                }
                column.write(row, &mut self.text);
            }
            self.text.push(b'\n');
        }
        self.rows = if rows < most { 0 } else { self.rows - rows };
        Ok(true)
    }

    fn open_group(&mut self) -> io::Result<()> {
        let group = self.file.get_row_group(self.group).map_err(io::Error::other)?;
        self.group += 1;
        let size = group.metadata().total_byte_size();
        self.rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        if !(0..=GROUP_BYTES_MAX).contains(&size) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.readers.clear();
        for &at in &self.columns {
            self.readers.push(Column::open(group.as_ref(), at)?);
        }
        Ok(())
    }
}

impl Read for Lines {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.has_failed || out.is_empty() {
            return Ok(0);
        }
        while self.at >= self.text.len() {
            match guarded(|| self.fill()) {
                Ok(true) => {}
                Ok(false) => return Ok(0),
                Err(error) => {
                    self.has_failed = true;
                    return Err(error);
                }
            }
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let n = rest.len().min(out.len());
        out[..n].copy_from_slice(&rest[..n]);
        self.at += n;
        Ok(n)
    }
}

/// Values of one column, and which rows have one.
struct Column {
    kind: Kind,
    levels: Vec<i16>,
    most: i16,
    /// Index into the values by row; `u32::MAX` for none.
    places: Vec<u32>,
}

enum Kind {
    Int32(ColumnReaderImpl<Int32Type>, Vec<i32>),
    Int64(ColumnReaderImpl<Int64Type>, Vec<i64>),
    Text(ColumnReaderImpl<ByteArrayType>, Vec<ByteArray>),
}

impl Column {
    fn open(group: &dyn RowGroupReader, at: usize) -> io::Result<Column> {
        let most = group.metadata().column(at).column_descr().max_def_level();
        let kind = match group.get_column_reader(at).map_err(io::Error::other)? {
            ColumnReader::Int32ColumnReader(it) => Kind::Int32(it, Vec::new()),
            ColumnReader::Int64ColumnReader(it) => Kind::Int64(it, Vec::new()),
            ColumnReader::ByteArrayColumnReader(it) => Kind::Text(it, Vec::new()),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        Ok(Column { kind, levels: Vec::new(), most, places: Vec::new() })
    }

    /// Reads at most so many rows and tells how many there were.
    fn read(&mut self, rows: usize) -> io::Result<usize> {
        self.levels.clear();
        let levels = (self.most > 0).then_some(&mut self.levels);
        let (records, values) = match &mut self.kind {
            Kind::Int32(reader, out) => take(reader, rows, levels, out)?,
            Kind::Int64(reader, out) => take(reader, rows, levels, out)?,
            Kind::Text(reader, out) => take(reader, rows, levels, out)?,
        };
        self.places.clear();
        let mut next = 0;
        for row in 0..records {
            let is_there = self.levels.get(row).is_none_or(|it| *it == self.most);
            self.places.push(if is_there && next < values as u32 { next } else { u32::MAX });
            next += u32::from(is_there);
        }
        Ok(records)
    }

    fn write(&self, row: usize, out: &mut Vec<u8>) {
        let place = self.places.get(row).map_or(usize::MAX, |it| *it as usize);
        let start = out.len();
        match &self.kind {
            Kind::Int32(_, values) => {
                values.get(place).inspect(|it| number(i64::from(**it), out)).is_some()
            }
            Kind::Int64(_, values) => values.get(place).inspect(|it| number(**it, out)).is_some(),
            Kind::Text(_, values) => values.get(place).inspect(|it| word(it.data(), out)).is_some(),
        };
        if out.len() == start {
            out.push(b'-');
        }
    }
}

fn take<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    levels: Option<&mut Vec<i16>>,
    out: &mut Vec<T::T>,
) -> io::Result<(usize, usize)> {
    out.clear();
    let (records, values, _) =
        reader.read_records(rows, levels, None, out).map_err(io::Error::other)?;
    Ok((records, values))
}

fn number(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(value.to_string().as_bytes());
}

/// A value as one word: a space inside would shift the columns behind it.
fn word(value: &[u8], out: &mut Vec<u8>) {
    let value = value.get(..VALUE_MAX).unwrap_or(value);
    out.extend(value.iter().map(|it| if it.is_ascii_whitespace() { b'_' } else { *it }));
}

/// Columns that are neither nested nor repeated.
fn flat_columns(schema: &SchemaDescriptor) -> impl Iterator<Item = usize> {
    (0..schema.num_columns()).filter(|&at| {
        let column = schema.column(at);
        let is_known =
            matches!(column.physical_type(), Type::INT32 | Type::INT64 | Type::BYTE_ARRAY);
        is_known && column.max_rep_level() == 0 && column.path().parts().len() == 1
    })
}

/// The names as text files write them: with hyphens.
fn header(schema: &SchemaDescriptor, columns: &[usize]) -> Vec<u8> {
    let mut text = Vec::new();
    for &at in columns {
        if !text.is_empty() {
            text.push(b' ');
        }
        word(schema.column(at).name().replace('_', "-").as_bytes(), &mut text);
    }
    text.push(b'\n');
    text
}

/// Turns a panic of the library into an error.
fn guarded<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(io::ErrorKind::InvalidData.into()))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use crate::random::Random;
    use parquet::basic::Compression;
    use parquet::data_type::DataType;
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
    use parquet::schema::parser::parse_message_type;

    use super::*;

    const SCHEMA: &str = "message flow {
        optional int32 version; optional binary account_id (UTF8);
        optional binary interface_id (UTF8); optional binary srcaddr (UTF8);
        optional binary dstaddr (UTF8); optional int32 srcport; optional int32 dstport;
        optional int32 protocol; optional int64 packets; optional int64 bytes;
        optional int64 start; optional int64 end; optional binary action (UTF8);
        optional binary log_status (UTF8);
    }";

    fn column<T: DataType>(
        group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
        values: &[Option<T::T>],
    ) {
        let mut writer = group.next_column().unwrap().unwrap();
        let levels: Vec<i16> = values.iter().map(|it| i16::from(it.is_some())).collect();
        let values: Vec<T::T> = values.iter().flatten().cloned().collect();
        writer.typed::<T>().write_batch(&values, Some(&levels), None).unwrap();
        writer.close().unwrap();
    }

    /// A file of `rows` rows in groups of 1,000; every tenth row is a NODATA row.
    pub(crate) fn flow_file(rows: usize) -> Vec<u8> {
        let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
        let properties = WriterProperties::builder()
            .set_compression(Compression::GZIP(parquet::basic::GzipLevel::default()))
            .build();
        let mut writer =
            SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
        let all: Vec<usize> = (0..rows).collect();
        for group_rows in all.chunks(1000) {
            let mut group = writer.next_row_group().unwrap();
            let has_data = |row: &usize| row % 10 != 9;
            let text = |value: &dyn Fn(usize) -> Option<String>| {
                let values =
                    group_rows.iter().map(|&row| Some(ByteArray::from(value(row)?.as_str())));
                values.collect::<Vec<_>>()
            };
            let int = |value: i32| -> Vec<Option<i32>> {
                group_rows.iter().map(|row| has_data(row).then_some(value)).collect()
            };
            let long = |value: &dyn Fn(usize) -> i64, always: bool| -> Vec<Option<i64>> {
                let one = |row: &usize| (always || has_data(row)).then(|| value(*row));
                group_rows.iter().map(one).collect()
            };
            let data = |it: &'static str| move |row: usize| (row % 10 != 9).then(|| it.to_owned());
            column::<Int32Type>(&mut group, &vec![Some(2); group_rows.len()]);
            column::<ByteArrayType>(&mut group, &text(&|_| Some("111122223333".to_owned())));
            column::<ByteArrayType>(&mut group, &text(&|_| Some("eni-0a1b".to_owned())));
            column::<ByteArrayType>(&mut group, &text(&data("10.0.0.5")));
            column::<ByteArrayType>(&mut group, &text(&data("198.51.100.7")));
            column::<Int32Type>(&mut group, &int(40_000));
            column::<Int32Type>(&mut group, &int(443));
            column::<Int32Type>(&mut group, &int(6));
            column::<Int64Type>(&mut group, &long(&|row| row as i64 + 1, false));
            column::<Int64Type>(&mut group, &long(&|_| 5_000_000_000, false));
            column::<Int64Type>(&mut group, &long(&|row| 1_772_366_400 + row as i64, true));
            column::<Int64Type>(&mut group, &long(&|row| 1_772_366_460 + row as i64, true));
            column::<ByteArrayType>(&mut group, &text(&data("ACCEPT")));
            column::<ByteArrayType>(
                &mut group,
                &text(&|row| Some(if row % 10 == 9 { "NODATA" } else { "OK" }.to_owned())),
            );
            group.close().unwrap();
        }
        writer.into_inner().unwrap()
    }

    fn text(bytes: Vec<u8>) -> io::Result<String> {
        let mut text = String::new();
        Lines::new(bytes)?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn rows_are_the_lines_that_text_files_have() {
        let text = text(flow_file(2500)).unwrap();
        let mut lines = text.lines();
        let header = "version account-id interface-id srcaddr dstaddr srcport dstport protocol \
                      packets bytes start end action log-status";
        assert_eq!(lines.next(), Some(header));
        let row = "2 111122223333 eni-0a1b 10.0.0.5 198.51.100.7 40000 443 6 1 5000000000 \
                   1772366400 1772366460 ACCEPT OK";
        assert_eq!(lines.next(), Some(row));
        let nodata = "2 111122223333 eni-0a1b - - - - - - - 1772366409 1772366469 - NODATA";
        assert_eq!(lines.nth(8), Some(nodata));
        assert_eq!(text.lines().count(), 2501);
        assert!(text.lines().all(|it| it.split(' ').count() == 14));
    }

    #[test]
    fn values_are_single_words() {
        let mut out = Vec::new();
        word(b"a b\nc", &mut out);
        word(&[b'x'; VALUE_MAX + 5], &mut out);
        assert_eq!(out.len(), 5 + VALUE_MAX);
        assert!(out.starts_with(b"a_b_cx"));
    }

    /// Damage gives an error or fewer rows, never a panic or endless work.
    #[test]
    fn damaged_files_are_errors() {
        let file = flow_file(1200);
        assert!(text(file[..file.len() / 2].to_vec()).is_err());
        assert!(text(b"PAR1".to_vec()).is_err());
        let mut random = Random::new(7);
        let mut errors = 0;
        for _ in 0..400 {
            let mut broken = file.clone();
            for _ in 0..=random.below(8) {
                let at = random.below(broken.len());
                broken[at] = random.below(256) as u8;
            }
            match text(broken) {
                Ok(text) => assert!(text.len() < 4 << 20),
                Err(_) => errors += 1,
            }
        }
        assert!(errors > 0, "damage is never noticed");
    }
}
