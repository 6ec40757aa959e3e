//! Types and their layouts as the compilers' debug information tells them.

use gimli::{
    AttributeValue, DwTag, EndianRcSlice, LittleEndian, Reader, UnitOffset, constants as dw,
};
use object::{Object, ObjectSection};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::rc::Rc;

type Bytes = EndianRcSlice<LittleEndian>;
type Entry<'a> = gimli::DebuggingInformationEntry<'a, 'a, Bytes>;

/// Size and members with their offsets, in the order of declaration.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Layout {
    pub(crate) size: u64,
    pub(crate) members: Vec<(String, u64)>,
}

/// One compilation unit that is looked into.
struct Unit<'a> {
    dwarf: &'a gimli::Dwarf<Bytes>,
    unit: &'a gimli::Unit<Bytes>,
}

/// Every type with a name or a tag in C code, written out: "struct Id" to its members and so on.
/// Types that a type refers to stand there by their tag, or written out if they have none;
/// names of other types are replaced by what they mean.
pub(crate) fn c_types(path: &Path) -> BTreeMap<String, String> {
    let mut types = BTreeMap::new();
    each_unit(path, |unit| {
        unit.each_child(None, &mut |entry| {
            let Some(name) = unit.name(entry) else { return };
            match entry.tag() {
                dw::DW_TAG_typedef => {
                    types.insert(format!("typedef {name}"), unit.target(entry));
                }
                tag @ (dw::DW_TAG_structure_type
                | dw::DW_TAG_union_type
                | dw::DW_TAG_enumeration_type)
                    if entry
                        .attr_value(dw::DW_AT_declaration)
                        .ok()
                        .flatten()
                        .is_none() =>
                {
                    types.insert(format!("{} {name}", keyword(tag)), unit.body(entry));
                }
                _ => {}
            }
        });
    });
    types
}

/// The layouts of all structs within the module `module`, by name.
pub(crate) fn rust_structs(path: &Path, module: &str) -> BTreeMap<String, Layout> {
    let mut structs = BTreeMap::new();
    each_unit(path, |unit| unit.structs(None, module, false, &mut structs));
    structs
}

/// The layouts of all structs in C code, by tag, or by name for those without.
pub(crate) fn c_structs(path: &Path) -> BTreeMap<String, Layout> {
    let mut structs = BTreeMap::new();
    each_unit(path, |unit| {
        unit.each_child(None, &mut |entry| {
            let Some(name) = unit.name(entry) else { return };
            if entry.tag() == dw::DW_TAG_structure_type {
                structs.insert(name, unit.layout(entry));
            } else if entry.tag() == dw::DW_TAG_typedef
                && let Some(offset) = reference(entry)
                && let Ok(target) = unit.unit.entry(offset)
                && target.tag() == dw::DW_TAG_structure_type
                && unit.name(&target).is_none()
            {
                structs.insert(name, unit.layout(&target));
            }
        });
    });
    structs
}

/// The members of all structs with a tag in C code, each with its type, by tag.
pub(crate) fn c_members(path: &Path) -> BTreeMap<String, Vec<(String, String)>> {
    let mut structs = BTreeMap::new();
    each_unit(path, |unit| {
        unit.each_child(None, &mut |entry| {
            if entry.tag() == dw::DW_TAG_structure_type
                && let Some(name) = unit.name(entry)
            {
                let mut members = Vec::new();
                unit.each_child(Some(entry.offset()), &mut |member| {
                    let name = unit.name(member).unwrap_or_default();
                    members.push((name, unit.target(member)));
                });
                structs.insert(name, members);
            }
        });
    });
    structs
}

fn each_unit(path: &Path, mut visit: impl FnMut(&Unit<'_>)) {
    let data = fs::read(path).expect("the compiled file is readable");
    let file = object::File::parse(&*data).expect("the compiled file is ELF");
    let section = |id: gimli::SectionId| {
        let section = file.section_by_name(id.name());
        let data = section.and_then(|section| section.uncompressed_data().ok());
        let bytes: Rc<[u8]> = Rc::from(&*data.unwrap_or_default());
        Ok::<_, gimli::Error>(EndianRcSlice::new(bytes, LittleEndian))
    };
    let dwarf = gimli::Dwarf::load(section).expect("the debug information is readable");
    let mut headers = dwarf.units();
    while let Some(header) = headers.next().expect("a unit is readable") {
        let unit = dwarf.unit(header).expect("a unit is complete");
        visit(&Unit {
            dwarf: &dwarf,
            unit: &unit,
        });
    }
}

fn keyword(tag: DwTag) -> &'static str {
    match tag {
        dw::DW_TAG_structure_type => "struct",
        dw::DW_TAG_union_type => "union",
        _ => "enum",
    }
}

fn reference(entry: &Entry<'_>) -> Option<UnitOffset> {
    match entry.attr_value(dw::DW_AT_type) {
        Ok(Some(AttributeValue::UnitRef(offset))) => Some(offset),
        _ => None,
    }
}

fn number(entry: &Entry<'_>, attribute: gimli::DwAt) -> Option<u64> {
    entry.attr(attribute).ok().flatten()?.udata_value()
}

impl Unit<'_> {
    fn name(&self, entry: &Entry<'_>) -> Option<String> {
        let value = entry.attr_value(dw::DW_AT_name).ok().flatten()?;
        let text = self.dwarf.attr_string(self.unit, value).ok()?;
        Some(text.to_string_lossy().ok()?.into_owned())
    }

    fn each_child(&self, of: Option<UnitOffset>, visit: &mut dyn FnMut(&Entry<'_>)) {
        let mut tree = self.unit.entries_tree(of).expect("the entry is there");
        let mut children = tree.root().expect("the entry has a tag").children();
        while let Some(child) = children.next().expect("a child is readable") {
            visit(child.entry());
        }
    }

    /// What an entry's type is, "void" without one.
    fn target(&self, entry: &Entry<'_>) -> String {
        let Some(offset) = reference(entry) else {
            return "void".into();
        };
        let target = self.unit.entry(offset).expect("a type is there");
        let name = self.name(&target);
        match (target.tag(), name) {
            (dw::DW_TAG_base_type, Some(name)) => name,
            (dw::DW_TAG_pointer_type, _) => format!("{} *", self.target(&target)),
            (dw::DW_TAG_const_type, _) => format!("const {}", self.target(&target)),
            (dw::DW_TAG_typedef, _) => self.target(&target),
            (dw::DW_TAG_array_type, _) => {
                format!("{}{}", self.target(&target), self.bounds(&target))
            }
            (dw::DW_TAG_subroutine_type, _) => {
                format!("{}{}", self.target(&target), self.parameters(&target))
            }
            (
                tag @ (dw::DW_TAG_structure_type
                | dw::DW_TAG_union_type
                | dw::DW_TAG_enumeration_type),
                Some(name),
            ) => format!("{} {name}", keyword(tag)),
            _ => self.body(&target),
        }
    }

    fn bounds(&self, array: &Entry<'_>) -> String {
        let mut text = String::new();
        self.each_child(Some(array.offset()), &mut |range| {
            text += &format!("[0..={:?}]", number(range, dw::DW_AT_upper_bound));
        });
        text
    }

    fn parameters(&self, function: &Entry<'_>) -> String {
        let mut all = Vec::new();
        self.each_child(Some(function.offset()), &mut |parameter| {
            all.push(match parameter.tag() {
                dw::DW_TAG_unspecified_parameters => "...".into(),
                _ => self.target(parameter),
            });
        });
        format!("({})", all.join(", "))
    }

    /// A struct, union or enum written out.
    fn body(&self, entry: &Entry<'_>) -> String {
        let size = number(entry, dw::DW_AT_byte_size);
        let mut parts = Vec::new();
        self.each_child(Some(entry.offset()), &mut |part| {
            let name = self.name(part).unwrap_or_default();
            if part.tag() == dw::DW_TAG_enumerator {
                let value = part.attr(dw::DW_AT_const_value).ok().flatten();
                parts.push(format!(
                    "{name} = {:?}",
                    value.and_then(|v| v.sdata_value())
                ));
            } else if part.tag() == dw::DW_TAG_member {
                let offset = number(part, dw::DW_AT_data_member_location).unwrap_or(0);
                parts.push(format!("{name} @{offset}: {}", self.target(part)));
            }
        });
        let base = match entry.tag() {
            dw::DW_TAG_enumeration_type => self.target(entry),
            _ => String::new(),
        };
        format!(
            "{} {base} {size:?} {{ {} }}",
            keyword(entry.tag()),
            parts.join("; ")
        )
    }

    fn layout(&self, entry: &Entry<'_>) -> Layout {
        let mut layout = Layout {
            size: number(entry, dw::DW_AT_byte_size).unwrap_or(0),
            members: Vec::new(),
        };
        self.each_child(Some(entry.offset()), &mut |member| {
            if member.tag() == dw::DW_TAG_member {
                let name = self.name(member).unwrap_or_default();
                let offset = number(member, dw::DW_AT_data_member_location).unwrap_or(0);
                layout
                    .members
                    .push((name.trim_start_matches("r#").to_owned(), offset));
            }
        });
        layout.members.sort_by_key(|(_, offset)| *offset);
        layout
    }

    fn structs(
        &self,
        within: Option<UnitOffset>,
        module: &str,
        inside: bool,
        found: &mut BTreeMap<String, Layout>,
    ) {
        self.each_child(within, &mut |entry| {
            let Some(name) = self.name(entry) else { return };
            if entry.tag() == dw::DW_TAG_namespace {
                self.structs(
                    Some(entry.offset()),
                    module,
                    inside || name == module,
                    found,
                );
            } else if entry.tag() == dw::DW_TAG_structure_type && inside {
                found.insert(name, self.layout(entry));
            }
        });
    }
}
