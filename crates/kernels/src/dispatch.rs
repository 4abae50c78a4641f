//! Choice of the instruction set at run time.
//!
//! A loop that wants SIMD is written once as a [`Kernel`], generic over [`Simd`]. [`dispatch`] runs it inside
//! a function that is compiled for AVX2 where the machine has it. The body of `run`, and what it calls in
//! its hot loop, must be `#[inline(always)]`: a part that is compiled on its own is compiled for the
//! baseline, and calls from there into AVX2 code cannot be inlined (measured: 15 ns a call).

use crate::ipv4;
use crate::json::{self, JsonMarks};
use crate::split::{self, Buffers};

/// An instruction set. Values exist only for what the machine can run.
pub trait Simd: Copy + Ops {}

/// A computation that is generic over the instruction set.
pub trait Kernel {
    /// What the computation returns.
    type Output;

    /// Runs the computation. Implementations are `#[inline(always)]`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// Runs a kernel with the best instruction set that the machine has.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = Avx2::detect() {
        // SAFETY: `detect` found every feature that `run_avx2` is compiled for.
        return unsafe { run_avx2(kernel, avx2) };
    }
    kernel.run(Scalar)
}

/// Runs a kernel without SIMD, as machines without AVX2 do; for tests.
pub fn dispatch_scalar<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Scalar)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt,pclmulqdq")]
fn run_avx2<K: Kernel>(kernel: K, avx2: Avx2) -> K::Output {
    kernel.run(avx2)
}

/// The operations that differ between instruction sets. Not reachable from outside of the crate.
pub trait Ops {
    /// Writes the positions of separators and line ends of `text[from..to]`; see [`split`].
    fn split<const SEP: u8, const ESC: bool>(self, text: &[u8], from: usize, out: &mut Buffers);

    /// The address in the first `len` of 16 bytes; sets a bit of `bad` when it is none.
    fn ipv4(self, bytes: &[u8; 16], len: usize, bad: &mut u64) -> u32;

    /// The marks of JSON text in 64 bytes.
    fn json_marks(self, block: &[u8; 64]) -> JsonMarks;

    /// Bit n is the parity of bits 0 to n: of quotation marks, what is inside of strings.
    fn parities(self, bits: u64) -> u64;
}

/// No SIMD.
#[derive(Clone, Copy)]
pub(crate) struct Scalar;

impl Simd for Scalar {}

impl Ops for Scalar {
    #[inline(always)]
    fn split<const SEP: u8, const ESC: bool>(self, text: &[u8], from: usize, out: &mut Buffers) {
        split::scalar::<SEP, ESC>(text, from, out);
    }

    #[inline(always)]
    fn ipv4(self, bytes: &[u8; 16], len: usize, bad: &mut u64) -> u32 {
        let address = bytes.get(..len).and_then(ipv4::parse_ipv4);
        *bad |= u64::from(address.is_none());
        address.unwrap_or(0)
    }

    #[inline(always)]
    fn json_marks(self, block: &[u8; 64]) -> JsonMarks {
        json::portable(block)
    }

    #[inline(always)]
    fn parities(self, bits: u64) -> u64 {
        json::parities(bits)
    }
}

/// Proof that the machine has AVX2, BMI1, BMI2, POPCNT, LZCNT and PCLMULQDQ: made by [`Avx2::detect`] alone.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

#[cfg(target_arch = "x86_64")]
impl Avx2 {
    pub(crate) fn detect() -> Option<Avx2> {
        let has = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("pclmulqdq");
        has.then_some(Avx2(()))
    }
}

#[cfg(target_arch = "x86_64")]
impl Simd for Avx2 {}

#[cfg(target_arch = "x86_64")]
impl Ops for Avx2 {
    #[inline(always)]
    fn split<const SEP: u8, const ESC: bool>(self, text: &[u8], from: usize, out: &mut Buffers) {
        // SAFETY: a value of `Avx2` exists only where the machine has the features.
        unsafe { split::avx2::<SEP, ESC>(text, from, out) }
    }

    #[inline(always)]
    fn ipv4(self, bytes: &[u8; 16], len: usize, bad: &mut u64) -> u32 {
        // SAFETY: a value of `Avx2` exists only where the machine has the features.
        unsafe { ipv4::avx2(bytes, len, bad) }
    }

    #[inline(always)]
    fn json_marks(self, block: &[u8; 64]) -> JsonMarks {
        // SAFETY: a value of `Avx2` exists only where the machine has the features.
        unsafe { json::avx2(block) }
    }

    #[inline(always)]
    fn parities(self, bits: u64) -> u64 {
        // SAFETY: a value of `Avx2` exists only where the machine has the features.
        unsafe { json::avx2_parities(bits) }
    }
}
