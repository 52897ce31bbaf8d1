//! A table as Parquet: times as instants of UTC, numbers as doubles, words as strings, nothing optional. Uncompressed, since no
//! codec is built in; words are written once each, by the format's own dictionaries.

use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

use super::{Column, Table};

impl Table {
    /// As Parquet.
    ///
    /// # Errors
    /// What the writer says. In memory there is nothing that it could meet with.
    pub fn parquet(&self) -> Result<Vec<u8>> {
        let schema = Arc::new(parse_message_type(&self.schema())?);
        let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::default()))?;
        if self.rows > 0 {
            let mut group = file.next_row_group()?;
            for (_, column) in &self.columns {
                let Some(mut writer) = group.next_column()? else { break };
                column.write_to(&mut writer)?;
                writer.close()?;
            }
            group.close()?;
        }
        file.into_inner()
    }

    /// In the format's own words.
    fn schema(&self) -> String {
        let fields: String = self.columns.iter().map(|(name, column)| column.field(name)).collect();
        format!("message {} {{ {fields}}}", self.name)
    }
}

impl Column {
    fn field(&self, name: &str) -> String {
        match self {
            // The format knows no coarser unit.
            Self::Times(_) => format!("required int64 {name} (TIMESTAMP(MILLIS,true)); "),
            Self::Numbers(_) => format!("required double {name}; "),
            Self::Counts(_) => format!("required int64 {name}; "),
            Self::Words(_) => format!("required binary {name} (STRING); "),
        }
    }

    fn write_to(&self, writer: &mut SerializedColumnWriter<'_>) -> Result<usize> {
        match self {
            Self::Times(times) => {
                let ms: Vec<i64> = times.iter().map(|time| time.0.saturating_mul(1_000)).collect();
                writer.typed::<Int64Type>().write_batch(&ms, None, None)
            }
            Self::Numbers(numbers) => writer.typed::<DoubleType>().write_batch(numbers, None, None),
            Self::Counts(counts) => {
                let wide: Vec<i64> = counts.iter().map(|count| i64::from(*count)).collect();
                writer.typed::<Int64Type>().write_batch(&wide, None, None)
            }
            Self::Words(words) => {
                let texts: Vec<ByteArray> = words.iter().map(|word| ByteArray::from(*word)).collect();
                writer.typed::<ByteArrayType>().write_batch(&texts, None, None)
            }
        }
    }
}
