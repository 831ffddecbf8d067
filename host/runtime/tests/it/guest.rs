//! Components from WebAssembly text: a well-behaved View whose parts a test replaces.

use std::sync::OnceLock;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Field, PackageId, Resolve, Type, TypeDefKind, TypeId};

/// A View as text. The fields are bodies of core functions and further fields of the core module.
pub(crate) struct Guest {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// Further module fields: memories, a start function, exports.
    pub(crate) fields: String,
    /// The body of `info`, which returns the address of a `plugin-info`; 64 holds one.
    pub(crate) info: &'static str,
    /// The body of `configure` with `$ptr` and `$len`, which returns the address of a result; 8 holds `ok`.
    pub(crate) configure: &'static str,
    /// The body of `streams` with `$instrument`, which returns the address of an option; 8 holds `none`.
    pub(crate) streams: &'static str,
    /// The body of `map-attributes` with `$tag`, `$ptr` and `$len`; by default the set as it is.
    pub(crate) map: &'static str,
    /// The body of `process` with `$frame`, in the world `processor`; 8 holds `unchanged`.
    pub(crate) process: &'static str,
    /// The body of `observe` with `$now`, in the world `observer`; 2048 holds an empty observation.
    pub(crate) observe: String,
    /// The bodies of the world `exporter`: of `preference`, of `export` with `$frame`, of `flush` and of `shutdown`. 8 holds
    /// cumulative without aggregations, an accepted frame, and what is done.
    pub(crate) exporter: [&'static str; 4],
    /// The body of `cabi_realloc` before it allocates.
    pub(crate) realloc: &'static str,
    /// The contract's version in the names of exports.
    pub(crate) contract: &'static str,
    /// The world's WIT files, as `(name, content)`; the project's own if empty.
    pub(crate) wit: Vec<(&'static str, String)>,
    pub(crate) world: &'static str,
}

impl Default for Guest {
    fn default() -> Self {
        Self {
            name: "guest",
            version: "1.0.0",
            fields: String::new(),
            info: "i32.const 64",
            configure: "i32.const 8",
            streams: "i32.const 8",
            map: "(i32.store8 (i32.const 160) (i32.const 1)) (i32.store (i32.const 164) (local.get $ptr)) \
                  (i32.store (i32.const 168) (local.get $len)) i32.const 160",
            process: "i32.const 8",
            observe: "i32.const 2048".to_owned(),
            exporter: ["i32.const 8"; 4],
            realloc: "",
            contract: "0.1.0",
            wit: Vec::new(),
            world: "view",
        }
    }
}

/// How much a guest may answer in [`Guest::answering`].
pub(crate) const ANSWER_BYTES: usize = 2048;

/// The project's WIT files, by name and content.
pub(crate) fn contract_files() -> Vec<(&'static str, String)> {
    [
        ("host.wit", include_str!("../../../../wit/host.wit")),
        ("lifecycle.wit", include_str!("../../../../wit/lifecycle.wit")),
        ("frame.wit", include_str!("../../../../wit/frame.wit")),
        ("observer.wit", include_str!("../../../../wit/observer.wit")),
        ("exporter.wit", include_str!("../../../../wit/exporter.wit")),
        ("processor.wit", include_str!("../../../../wit/processor.wit")),
        ("types.wit", include_str!("../../../../wit/types.wit")),
        ("view.wit", include_str!("../../../../wit/view.wit")),
    ]
    .map(|(name, content)| (name, content.to_owned()))
    .to_vec()
}

fn resolve(files: Vec<(&'static str, String)>) -> (Resolve, PackageId) {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let file = dir.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(dir.path()).unwrap();
    (resolve, package)
}

/// Where a frame as plugins get it has the address of a column, in bytes; the column's length is four bytes on.
pub(crate) fn column(table: &str, column: &str) -> usize {
    static COLUMNS: OnceLock<Vec<(String, String)>> = OnceLock::new();
    let columns = COLUMNS.get_or_init(|| {
        let (resolve, package) = resolve(contract_files());
        let frames = resolve.packages[package].interfaces["frames"];
        let frame = resolve.interfaces[frames].types["frame"];
        let mut columns = Vec::new();
        for table in fields(&resolve, frame) {
            lists(&resolve, table.ty, &table.name, &mut columns);
        }
        columns
    });
    let found = columns.iter().position(|(in_table, name)| in_table == table && name == column);
    8 * found.unwrap_or_else(|| panic!("no column `{column}` of `{table}` among {columns:?}"))
}

fn fields(resolve: &Resolve, record: TypeId) -> &[Field] {
    match &resolve.types[record].kind {
        TypeDefKind::Record(record) => &record.fields,
        other => panic!("{other:?} in a frame"),
    }
}

/// The lists a table is made of, those of records in it included.
fn lists(resolve: &Resolve, table: Type, name: &str, columns: &mut Vec<(String, String)>) {
    let Type::Id(record) = table else { panic!("{table:?} in a frame") };
    for field in fields(resolve, record) {
        match field.ty {
            Type::Id(id) if matches!(resolve.types[id].kind, TypeDefKind::List(_)) => {
                columns.push((name.to_owned(), field.name.clone()));
            }
            nested => lists(resolve, nested, name, columns),
        }
    }
}

impl Guest {
    /// A guest with the given name and version.
    pub(crate) fn named(name: &'static str, version: &'static str) -> Self {
        Self { name, version, ..Self::default() }
    }

    /// The core module.
    pub(crate) fn module(&self) -> String {
        let Self { name, version, fields, info, configure, streams, map, realloc, contract, .. } = self;
        let Self { process, observe, .. } = self;
        let le = |number: usize| {
            number.to_le_bytes()[..4].iter().map(|b| format!("\\{b:02x}")).collect::<String>()
        };
        // name, version, description, schema and capabilities: address and length each.
        let info_record =
            [(1024, name.len()), (1024 + name.len(), version.len()), (1024, 0), (1024, 0), (1024, 0)]
                .map(|(ptr, len)| le(ptr) + &le(len))
                .concat();
        let views = if self.world == "view" {
            format!(
                r#"
                (func $streams (export "wasmeter:plugin/views@{contract}#streams") (param $instrument i32) (result i32)
                  {streams})
                (func (export "wasmeter:plugin/views@{contract}#map-attributes")
                  (param $tag i32) (param $ptr i32) (param $len i32) (result i32)
                  {map})"#
            )
        } else if self.world == "observer" {
            format!(
                r#"
                (func (export "wasmeter:plugin/observers@{contract}#observe") (param $now i64) (result i32)
                  {observe})"#
            )
        } else if self.world == "processor" {
            format!(
                r#"
                (func (export "wasmeter:plugin/processors@{contract}#process") (param $frame i32) (result i32)
                  {process})"#
            )
        } else if self.world == "exporter" {
            let [preference, export, flush, shutdown] = self.exporter;
            format!(
                r#"
                (func (export "wasmeter:plugin/exporters@{contract}#preference") (result i32) {preference})
                (func (export "wasmeter:plugin/exporters@{contract}#export") (param $frame i32) (result i32) {export})
                (func (export "wasmeter:plugin/exporters@{contract}#flush") (result i32) {flush})
                (func (export "wasmeter:plugin/exporters@{contract}#shutdown") (result i32) {shutdown})"#
            )
        } else {
            String::new()
        };
        format!(
            r#"(module
                {fields}
                (memory $memory (export "memory") 1)
                (global $top (mut i32) (i32.const 8192))
                (data (memory $memory) (i32.const 64) "{info_record}")
                (data (memory $memory) (i32.const 1024) "{name}{version}")
                (func $spin (loop $again (br $again)))
                (func $recurse (param i32) (result i32)
                  (i32.add (call $recurse (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
                (func $info (export "wasmeter:plugin/lifecycle@{contract}#info") (result i32)
                  {info})
                (func (export "wasmeter:plugin/lifecycle@{contract}#configure")
                  (param $ptr i32) (param $len i32) (result i32)
                  {configure})
                {views}
                (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32)
                  (param $size i32) (result i32)
                  (local $at i32)
                  {realloc}
                  (local.set $at (i32.and (i32.add (global.get $top) (i32.const 15)) (i32.const -16)))
                  (global.set $top (i32.add (local.get $at) (local.get $size)))
                  (block $enough
                    (loop $more
                      (br_if $enough
                        (i32.le_u (global.get $top) (i32.mul (memory.size $memory) (i32.const 65536))))
                      (if (i32.eq (memory.grow $memory (i32.const 1)) (i32.const -1)) (then unreachable))
                      (br $more)))
                  (local.get $at)))"#
        )
    }

    /// A component whose answers are whatever `answer` holds, read as memory: at most [`ANSWER_BYTES`], at address 4096.
    pub(crate) fn answering(answer: &[u8]) -> Vec<u8> {
        static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
        let template = || Self { streams: "i32.const 4096", map: "i32.const 4096", ..Self::default() };
        Self::with_answer(&TEMPLATE, template, answer)
    }

    /// The same for a processor: what it makes of any frame is what `answer` holds.
    pub(crate) fn processing(answer: &[u8]) -> Vec<u8> {
        static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
        let template = || Self { process: "i32.const 4096", world: "processor", ..Self::default() };
        Self::with_answer(&TEMPLATE, template, answer)
    }

    /// The same for an observer: what it observes is what `answer` holds.
    pub(crate) fn observing(answer: &[u8]) -> Vec<u8> {
        static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
        let template = || Self { observe: "i32.const 4096".to_owned(), world: "observer", ..Self::default() };
        Self::with_answer(&TEMPLATE, template, answer)
    }

    fn with_answer(made: &OnceLock<Vec<u8>>, template: impl Fn() -> Self, answer: &[u8]) -> Vec<u8> {
        let marker = [0xa5; ANSWER_BYTES];
        let template = made.get_or_init(|| {
            let fields =
                format!(r#"(data (memory $memory) (i32.const 4096) "{}")"#, "\\a5".repeat(ANSWER_BYTES));
            Self { fields, ..template() }.component()
        });
        let at = template.windows(ANSWER_BYTES).position(|window| window == marker).unwrap();
        let mut component = template.clone();
        component[at..at + ANSWER_BYTES].fill(0);
        component[at..at + answer.len()].copy_from_slice(answer);
        component
    }

    /// The component.
    pub(crate) fn component(&self) -> Vec<u8> {
        let mut module = wat::parse_str(self.module()).unwrap();
        let files = if self.wit.is_empty() { contract_files() } else { self.wit.clone() };
        let (resolve, package) = resolve(files);
        let world = resolve.select_world(&[package], Some(self.world)).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
    }
}
