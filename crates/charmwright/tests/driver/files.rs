//! Files of a container that the charm reads.

use charmwright::Charm;
use charmwright::prelude::*;
use charmwright_sim_pebble::in_process::InProcess;

use crate::unit::Unit;

#[derive(Debug, Inputs)]
struct Read {
    #[file("work", "/srv/list")]
    list: ContainerFile,
    #[file("work", "/srv/more", bytes_max = 1_048_577)]
    more: ContainerFile,
}

#[test]
fn a_declared_file_is_read_as_far_as_its_declaration_says_and_blocks_the_unit_with_its_size_beyond() {
    let mut unit = Unit::new(true);
    let pebble = InProcess::new();
    unit.pebbles.insert("work".to_owned(), pebble.client());
    let mut told = |list: usize, more: usize| {
        pebble.files(|files| {
            files.put("/srv/list", vec![b'x'; list]);
            files.put("/srv/more", vec![b'x'; more]);
        });
        let read: Charm<Read> = charm(|read: &Read, _: &Desired| {
            let (list, more) = (read.list.text(), read.more.text());
            let (_, _) = (list?, more?);
            Ok(())
        });
        unit.config_changed(&read);
        unit.status()
    };
    assert_eq!(told(1 << 20, (1 << 20) + 1), "active: ");
    let list = told((1 << 20) + 1, 1);
    assert!(
        list.starts_with(
            "blocked: work: file /srv/list has 1048577 bytes, and at most 1048576 are read; make"
        ),
        "{list}"
    );
    let more = told(1, (1 << 20) + 2);
    assert!(more.starts_with("blocked: work: file /srv/more has 1048578 bytes"), "{more}");
}
