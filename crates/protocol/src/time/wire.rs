//! Between the seconds of Unix and those on the wire.

/// The moment from which Unix counts, 1970, in seconds since 1900.
pub const UNIX_EPOCH: i64 = 2_208_988_800;

/// A moment, in seconds since 1970, as it is sent; its 32 bits begin again every 136 years.
///
/// ```
/// use lariat_protocol::time::wire;
///
/// // The examples of RFC 868.
/// assert_eq!(wire(0), 2_208_988_800_u32.to_be_bytes());
/// assert_eq!(wire(189_302_400), 2_398_291_200_u32.to_be_bytes());
/// // 2036-02-07 06:28:16 UTC.
/// assert_eq!(wire(2_085_978_496), [0; 4]);
/// ```
pub fn wire(unix: i64) -> [u8; 4] {
    // The low 32 bits are what is left of the division by their number.
    (unix.wrapping_add(UNIX_EPOCH) as u32).to_be_bytes()
}

/// Of all moments that are sent like this, the one that is nearest to `now`; both count in
/// seconds since 1970.
///
/// ```
/// use lariat_protocol::time::{nearest, wire};
///
/// let in_2006 = 1_150_565_241;
/// assert_eq!(nearest(wire(in_2006), in_2006 + 3600), in_2006);
/// // A second behind the turn of 2036, asked of a clock a second before it.
/// assert_eq!(nearest([0, 0, 0, 1], 2_085_978_495), 2_085_978_497);
/// ```
pub fn nearest(sent: [u8; 4], now: i64) -> i64 {
    let ahead = u32::from_be_bytes(sent).wrapping_sub(u32::from_be_bytes(wire(now)));
    // More than half the way round ahead is less than half the way behind.
    now.saturating_add(i64::from(ahead.cast_signed()))
}
