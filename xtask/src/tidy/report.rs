//! What the checks found.

use std::fmt;

/// Errors and warnings in the order in which they were found.
#[derive(Default, Debug)]
pub(crate) struct Report {
    problems: Vec<Problem>,
}

#[derive(Debug)]
struct Problem {
    path: String,
    /// From 1; 0 if the problem is the file's.
    line: usize,
    is_warning: bool,
    message: String,
}

impl Report {
    /// Adds an error of a whole file or of what `path` names.
    pub(crate) fn error(&mut self, path: &str, message: impl Into<String>) {
        self.error_at(path, 0, message);
    }

    /// Adds an error at a line, counted from 1.
    pub(crate) fn error_at(&mut self, path: &str, line: usize, message: impl Into<String>) {
        let (path, message) = (path.to_owned(), message.into());
        self.problems.push(Problem { path, line, is_warning: false, message });
    }

    /// Adds a warning of a whole file.
    pub(crate) fn warn(&mut self, path: &str, message: impl Into<String>) {
        let (path, message) = (path.to_owned(), message.into());
        self.problems.push(Problem { path, line: 0, is_warning: true, message });
    }

    /// How many errors there are; warnings do not count.
    pub(crate) fn errors(&self) -> usize {
        self.problems.iter().filter(|problem| !problem.is_warning).count()
    }

    /// Every problem as it is printed.
    #[cfg(test)]
    pub(crate) fn lines(&self) -> Vec<String> {
        self.problems.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problems.iter().try_for_each(|problem| writeln!(f, "{problem}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_warning { "warning" } else { "error" };
        match self.line {
            0 => write!(f, "{kind}: {}: {}", self.path, self.message),
            line => write!(f, "{kind}: {}:{line}: {}", self.path, self.message),
        }
    }
}
