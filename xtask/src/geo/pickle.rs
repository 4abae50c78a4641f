//! A reader for the plain part of Python's pickle format: lists, dictionaries, integers, strings.
//!
//! Python's own reader runs code that a file asks for; this one knows no opcode that could.
//! Opcodes: <https://github.com/python/cpython/blob/main/Lib/pickletools.py>.

use anyhow::{Context, Result, bail};

/// A value of a pickle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Value {
    Number(i128),
    Text(String),
    List(Vec<Value>),
    /// Contents are not kept.
    Dictionary,
}

impl Value {
    pub(super) fn list(&self) -> Result<&[Value]> {
        let Value::List(values) = self else { bail!("expected a list") };
        Ok(values)
    }

    pub(super) fn number(&self) -> Result<u128> {
        let Value::Number(number) = self else { bail!("expected a number") };
        u128::try_from(*number).context("expected a number from zero on")
    }

    pub(super) fn text(&self) -> Result<&str> {
        let Value::Text(text) = self else { bail!("expected a text") };
        Ok(text)
    }
}

/// Reads one pickled value.
pub(super) fn read(bytes: &[u8]) -> Result<Value> {
    Machine { input: bytes, stack: Vec::new(), marks: Vec::new(), memo: Vec::new() }.run()
}

struct Machine<'a> {
    input: &'a [u8],
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: Vec<Value>,
}

impl Machine<'_> {
    fn run(mut self) -> Result<Value> {
        loop {
            match self.take(1)?[0] {
                // PROTO and FRAME say nothing that matters here.
                0x80 => drop(self.take(1)?),
                0x95 => drop(self.take(8)?),
                b']' => self.stack.push(Value::List(Vec::new())),
                b'}' => self.stack.push(Value::Dictionary),
                b'(' => self.marks.push(self.stack.len()),
                b'e' => self.append()?,
                // SETITEMS: the dictionary below the mark stays, its items are dropped.
                b'u' => drop(self.above_mark()?),
                b'K' => self.number(1, false)?,
                b'M' => self.number(2, false)?,
                b'J' => self.number(4, true)?,
                0x8a => {
                    let bytes = usize::from(self.take(1)?[0]);
                    self.number(bytes, true)?;
                }
                0x8c => {
                    let bytes = usize::from(self.take(1)?[0]);
                    let text = String::from_utf8(self.take(bytes)?)?;
                    self.stack.push(Value::Text(text));
                }
                0x94 => self.memo.push(self.stack.last().context("nothing to remember")?.clone()),
                b'h' => self.recall(1)?,
                b'j' => self.recall(4)?,
                b'.' => return self.stack.pop().context("no value"),
                opcode => bail!("opcode {opcode:#x} is not supported"),
            }
        }
    }

    fn take(&mut self, count: usize) -> Result<Vec<u8>> {
        let (taken, rest) = self.input.split_at_checked(count).context("the pickle is cut off")?;
        self.input = rest;
        Ok(taken.to_vec())
    }

    fn number(&mut self, bytes: usize, signed: bool) -> Result<()> {
        let taken = self.take(bytes)?;
        let negative = signed && taken.last().is_some_and(|it| *it >= 0x80);
        let mut number = [if negative { 0xff } else { 0 }; 16];
        number.get_mut(..bytes).context("the number is too long")?.copy_from_slice(&taken);
        self.stack.push(Value::Number(i128::from_le_bytes(number)));
        Ok(())
    }

    fn recall(&mut self, bytes: usize) -> Result<()> {
        self.number(bytes, false)?;
        let at = self.stack.pop().context("no index")?.number()?;
        let value = usize::try_from(at).ok().and_then(|it| self.memo.get(it));
        self.stack.push(value.context("nothing is remembered there")?.clone());
        Ok(())
    }

    fn above_mark(&mut self) -> Result<Vec<Value>> {
        let mark = self.marks.pop().context("no mark")?;
        if mark > self.stack.len() {
            bail!("the mark is above the stack");
        }
        Ok(self.stack.split_off(mark))
    }

    fn append(&mut self) -> Result<()> {
        let values = self.above_mark()?;
        let Some(Value::List(list)) = self.stack.last_mut() else { bail!("no list to append to") };
        list.extend(values);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_numbers_and_texts_are_read() {
        // pickle.dumps([1, 300, -2, 2**40, "ab"], 4) of Python.
        let bytes = b"\x80\x04\x95\x1b\0\0\0\0\0\0\0]\x94(K\x01M,\x01J\xfe\xff\xff\xff\x8a\x06\0\0\0\0\0\x01\x8c\x02ab\x94e.";
        let expected = Value::List(vec![
            Value::Number(1),
            Value::Number(300),
            Value::Number(-2),
            Value::Number(1 << 40),
            Value::Text("ab".to_owned()),
        ]);
        assert_eq!(read(bytes).unwrap(), expected);
    }

    #[test]
    fn opcodes_that_call_code_are_refused() {
        assert!(read(b"\x80\x04cos\nsystem\n\x8c\x02ls\x85R.").is_err());
        assert!(read(b"\x80\x04]").is_err());
    }
}
