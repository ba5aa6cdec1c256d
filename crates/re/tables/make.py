"""Makes src/unicode/tables.rs from the CPython that runs it.

    python3.11 crates/re/tables/make.py NAMEALIASES > crates/re/src/unicode/tables.rs

NAMEALIASES is Unicode's file NameAliases.txt, of 14.0 or later (Debian has it in unicode-data, the crate
unicode_names2 in its data/): CPython knows the aliases but cannot list them, so those of the file that
it knows are taken.

The tables are those of the reference: CPython 3.11, Unicode 14.0. Another version is refused, since
the answers of `\\w` and of case-insensitive matching would change with it.
"""

import _sre
import sys
import unicodedata
from re import _casefix

if sys.version_info[:2] != (3, 11):
    sys.exit("the reference is CPython 3.11, this is %d.%d" % sys.version_info[:2])

if len(sys.argv) != 2:
    sys.exit("say where Unicode's NameAliases.txt is")

LAST = 0x10FFFF


def ranges(holds):
    found = []
    for code in range(LAST + 1):
        if holds(chr(code)):
            if found and found[-1][1] == code - 1:
                found[-1][1] = code
            else:
                found.append([code, code])
    return found


def uppercase(code):
    """Of a mapping to several characters `re` takes the first."""
    return ord(chr(code).upper()[0])


def mapping(of):
    """Runs of (first, last, step, difference): every step-th character moves by the difference."""
    runs = []
    for code in range(LAST + 1):
        difference = of(code) - code
        if difference == 0:
            continue
        if runs:
            first, last, step, same = runs[-1]
            if same == difference:
                if first == last and code - last <= 2:
                    runs[-1] = (first, code, code - last, same)
                    continue
                if first != last and code - last == step:
                    runs[-1] = (first, code, step, same)
                    continue
        runs.append((code, code, 1, difference))
    return runs


def show(name, says, kind, rows):
    print()
    print("/// %s" % says)
    print("pub const %s: &[%s] = &[" % (name, kind))
    line = "   "
    for row in rows:
        text = " " + row + ","
        if len(line) + len(text) > 110:
            print(line)
            line = "   "
        line += text
    print(line)
    print("];")


def show_ranges(name, says, holds):
    rows = ["(0x%x, 0x%x)" % (first, last) for first, last in ranges(holds)]
    show(name, says, "(u32, u32)", rows)


def show_mapping(name, says, of):
    rows = ["(0x%x, 0x%x, %d, %d)" % run for run in mapping(of)]
    show(name, says, "(u32, u32, u32, i32)", rows)


def aliases():
    """The second names of characters, by the characters that CPython finds by them."""
    known = []
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            fields = line.split("#")[0].strip().split(";")
            if len(fields) < 2:
                continue
            try:
                found = ord(unicodedata.lookup(fields[1]))
            except KeyError:
                continue
            if unicodedata.name(chr(found), None) != fields[1]:
                known.append((fields[1], found))
    return sorted(set(known))


print("//! What CPython %d.%d knows of the characters of Unicode %s; made by `crates/re/tables/make.py`."
      % (*sys.version_info[:2], unicodedata.unidata_version))
print("// layers: long because they are tables.")
print("#![cfg_attr(rustfmt, rustfmt_skip)]")
show_ranges("ALPHABETIC", "`str.isalpha`.", str.isalpha)
show_ranges("ALPHANUMERIC", "`str.isalnum`, which `\\w` is but for the underscore.", str.isalnum)
show_ranges("DECIMAL", "`str.isdecimal`, which `\\d` is; each run of ten begins with a zero.", str.isdecimal)
show_ranges("SPACE", "`str.isspace`, which `\\s` is.", str.isspace)
show_ranges("PRINTABLE", "`str.isprintable`: what `repr` shows as it is.", str.isprintable)
show_ranges("NAME_START", "What an identifier begins with.", str.isidentifier)
show_ranges("NAME_REST", "What may follow in an identifier.", lambda c: ("a" + c).isidentifier())
show_ranges("ASSIGNED", "What has a name in this version.", lambda c: unicodedata.name(c, None) is not None)
show_mapping("LOWERCASE", "The simple mapping to lower case.", _sre.unicode_tolower)
show_mapping("UPPERCASE", "The first of the mapping to upper case.", uppercase)
rows = ["(0x%x, &[%s])" % (code, ", ".join("0x%x" % other for other in others))
        for code, others in sorted(_casefix._EXTRA_CASES.items())]
show("SAME_UPPERCASE", "Other lower-case characters that have the same upper case.", "(u32, &[u32])", rows)
rows = ['("%s", 0x%x)' % alias for alias in aliases()]
show("ALIASES", "Second names, sorted.", "(&str, u32)", rows)
