//! Lists of addresses, names and files in every format, told from the content and forced, and look-ups in them.
#![no_main]

use intel::{Category, IntelBuilder, ListFormat, parse_list, parse_list_as};
use libfuzzer_sys::fuzz_target;
use model::Addr;

fuzz_target!(|bytes: &[u8]| {
    for format in ListFormat::ALL {
        let (list, problems) = parse_list_as(format, bytes);
        assert!(list.len() + list.refused <= bytes.len() as u64 + 1);
        assert_eq!(list.causes.values().sum::<u64>(), list.refused);
        assert!(problems.len() as u64 <= list.refused.min(100));
        assert!(problems.iter().all(|it| !it.text.contains(char::is_control)));
    }
    let (list, _) = parse_list("list", bytes);
    let (again, _) = parse_list("list", bytes);
    assert_eq!(list.content_hash(), again.content_hash());
    let mut builder = IntelBuilder::new();
    builder.add_list("list", Category::Threat, None, list);
    let intel = builder.build();
    intel.name(&String::from_utf8_lossy(bytes));
    intel.address(Addr::from_v4(0xc000_0201));
});
