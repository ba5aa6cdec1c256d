"""What CPython's `re` answers: the reference of the differential tests.

    python.py picked [EVERY]          the cases of picked.py, or each EVERYth of them, with their answers
    python.py generate SEED COUNT     as many cases made up from the seed, with their answers
    python.py answer                  answers the cases on standard input, one at a time

Each is a line of JSON.

A case is a list: kind ("str", or "bytes" with a character for each byte), pattern, flags, text, and
what is done: ["match"], ["in", pos, endpos], ["split", most], ["sub", template, most],
["findall", pos, endpos], ["scanner", calls, pos, endpos] with an "m" or an "s" for each call,
["expand", template, default] or ["escape"]. A sixth says what of it CPython is known to answer
against its documentation: "half", the groups inside of possessive repeats, and "open", whether
a conditional asks for the group that it stands in. An answer is an object: "error" with class,
message and place, and of `re.error` its line, column and text too; "slow" for what took more than a
second; or the result, with spans in characters.
"""

import itertools
import json
import random
import re
import signal
import sys
import unicodedata
import warnings

import picked

if sys.version_info[:2] != (3, 11):
    sys.exit("the reference is CPython 3.11, this is %d.%d" % sys.version_info[:2])

warnings.simplefilter("ignore")
sys.set_int_max_str_digits(0)


class Slow(BaseException):
    pass


def too_slow(*_):
    raise Slow


def matched(m):
    return None if m is None else [[list(span) for span in m.regs], m.lastindex]


def perform(kind, pattern, flags, text, what):
    convert = (lambda s: s) if kind == "str" else (lambda s: s.encode("latin-1"))
    show = (lambda s: s) if kind == "str" else (lambda s: None if s is None else s.decode("latin-1"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compiled = re.compile(convert(pattern), flags)
    text = convert(text)
    texts = lambda all: [show(one) for one in all]
    if what[0] in ("match", "in"):
        part = tuple(what[1:])
        return {
            "flags": compiled.flags,
            "groups": compiled.groups,
            "warnings": [str(one.message) for one in caught if one.category is FutureWarning],
            "names": [[name, group] for name, group in sorted(compiled.groupindex.items(), key=lambda x: x[1])],
            "search": matched(compiled.search(text, *part)),
            "match": matched(compiled.match(text, *part)),
            "full": matched(compiled.fullmatch(text, *part)),
            "iter": [matched(m) for m in compiled.finditer(text, *part)],
        }
    if what[0] == "escape":
        return {"escape": show(re.escape(text))}
    if what[0] == "scanner":
        scanner = compiled.scanner(text, *what[2:])
        return {"scanner": [matched(scanner.match() if call == "m" else scanner.search()) for call in what[1]]}
    # Where CPython may overlook matches, the judge has to see which it found.
    part = what[1:] if what[0] == "findall" else []
    iter = [matched(m) for m in compiled.finditer(text, *part)]
    if what[0] == "findall":
        found = compiled.findall(text, *part)
        return {"findall": [texts(one if compiled.groups > 1 else [one]) for one in found], "iter": iter}
    if what[0] == "split":
        return {"split": texts(compiled.split(text, what[1])), "iter": iter}
    if what[0] == "sub":
        result, count = compiled.subn(convert(what[1]), text, what[2])
        return {"sub": [show(result), count], "iter": iter}
    if what[0] == "expand":
        told = [
            [
                show(m.expand(convert(what[1]))),
                texts(m.groups(convert(what[2]))),
                [[name, show(m.groupdict()[name])] for name in compiled.groupindex],
                m.lastgroup,
                m.pos,
                m.endpos,
            ]
            for m in itertools.islice(compiled.finditer(text), 3)
        ]
        return {"expand": told, "iter": iter}
    raise AssertionError(what)


def answer(case):
    # A pattern that another case has used would not be compiled again.
    re.purge()
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        return perform(*case[:5])
    except Slow:
        return {"slow": True}
    except re.error as error:
        return {"error": ["error", error.msg, error.pos, error.lineno, error.colno, str(error)]}
    except RecursionError:
        return {"error": ["RecursionError", "", None]}
    except (ValueError, OverflowError, IndexError) as error:
        return {"error": [type(error).__name__, str(error.args[0]), None]}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Maker:
    """Makes up cases."""

    LETTERS = "abcABC019_ -\n.\u00e9\u00c9\u00df\u017f\u212a\u0130\u0131\u03a3\u03c3\u03c2\u01c4\u01c5\u0660\u2028\u20ac\U00010400\U00010428\U0001d7ce"
    PLAIN = "abcab01 _\n"
    # As they are found, and as they are not.
    NAMES = ["NBSP", "nbsp", "ZWJ", "BOM", "LF", "LINE FEED", "LINEFEED", "EM DASH", "Em Dash", "EM_DASH", "EMDASH", "LATIN CAPITAL LETTER GHA", "HANGUL SYLLABLE GA", "HANGUL SYLLABLE GAG", "hangul syllable ga", "CJK UNIFIED IDEOGRAPH-4E00", "CJK UNIFIED IDEOGRAPH-4e00", "CJK UNIFIED IDEOGRAPH-04E00", "SHAKING FACE", "nonsense", ""]

    def __init__(self, seed):
        self.random = random.Random(seed)

    def letter(self):
        if self.kind == "bytes":
            return self.random.choice("abcABC019_ -\n.\xe9\xc9\xff\x00")
        return self.random.choice(self.PLAIN if self.random.random() < 0.8 else self.LETTERS)

    def literal(self):
        letter = self.letter()
        roll = self.random.random()
        if roll < 0.06:
            code = ord(letter)
            if code < 256:
                return self.random.choice(["\\x%02x" % code, "\\%03o" % code])
            if self.kind == "str":
                return "\\U%08x" % code if code > 0xffff else "\\u%04x" % code
        if roll < 0.09 and self.kind == "str":
            name = unicodedata.name(letter, None) if self.random.randrange(4) else self.random.choice(self.NAMES)
            if name is not None:
                if self.random.randrange(4) == 0:
                    name = self.random.choice([name.lower(), name.title(), name.replace(" ", ""), name + " "])
                return "\\N{%s}" % name
        if letter in ".-":
            return re.escape(letter)
        return letter

    def set(self):
        pick = self.random
        items = []
        for _ in range(pick.randint(1, 3)):
            roll = pick.random()
            if roll < 0.03:
                items.append("\\b")
            elif roll < 0.07:
                items.append(pick.choice(["[", "&&", "--", "||", "~~", "-", "^", "#", " "]))
            elif roll < 0.3:
                items.append(pick.choice(["\\d", "\\w", "\\s", "\\D", "\\W", "\\S"]))
            elif roll < 0.5:
                low, high = sorted([self.letter(), self.letter()])
                items.append("%s-%s" % (re.escape(low), re.escape(high)))
            elif roll < 0.55:
                items.append(self.literal())
            else:
                items.append(re.escape(self.letter()))
        first = "]" if pick.random() < 0.05 else ""
        return "[%s%s%s]" % (pick.choice(["", "", "^"]), first, "".join(items))

    def atom(self, depth):
        pick = self.random
        roll = pick.random()
        if depth <= 0 or roll < 0.4:
            return self.literal()
        if roll < 0.48:
            return self.set()
        if roll < 0.54:
            return pick.choice([".", "\\d", "\\w", "\\s", "\\D", "\\W", "\\S"])
        if roll < 0.60:
            return pick.choice(["^", "$", "\\A", "\\Z", "\\b", "\\B"])
        if roll < 0.72:
            return self.group(depth)
        if roll < 0.78:
            return "(?:%s)" % self.pattern(depth - 1)
        if roll < 0.82:
            return "(?%s%s)" % (pick.choice(["=", "!"]), self.pattern(depth - 1))
        if roll < 0.85:
            return "(?<%s%s)" % (pick.choice(["=", "!"]), self.fixed(depth - 1))
        if roll < 0.88:
            return "(?>%s)" % self.pattern(depth - 1)
        if roll < 0.92 and self.closed:
            if self.named and pick.random() < 0.3:
                return "(?P=%s)" % pick.choice(self.named)
            return "(?:\\%d)" % pick.choice(self.closed)
        if roll < 0.95 and (self.closed or self.opened):
            return self.conditional(depth)
        flags = pick.choice(["i", "s", "m", "x", "im", "-i", "s-m", "-x"] + (["a", "u", "ai"] if self.kind == "str" else ["L"]))
        return "(?%s:%s)" % (flags, self.pattern(depth - 1))

    def group(self, depth):
        self.groups += 1
        group = self.groups
        self.opened.append(group)
        name = "n%d" % group if self.random.random() < 0.25 else None
        body = "(%s%s)" % ("?P<%s>" % name if name else "", self.pattern(depth - 1))
        self.opened.pop()
        if self.possessive:
            # It keeps half of a pass that failed in CPython: it is looked at, but nothing may depend on it.
            self.half.append(group)
            return body
        self.closed.append(group)
        if name:
            self.named.append(name)
        return body

    def conditional(self, depth):
        pick = self.random
        # Of a group that is still open, CPython may see where a way that failed had closed it.
        if not self.closed or self.opened and pick.random() < 0.05:
            group = pick.choice(self.opened)
            self.open = True
        else:
            group = pick.choice(self.closed)
        name = "n%d" % group
        condition = name if name in self.named and pick.random() < 0.7 else "%d" % group
        no = "|" + self.sequence(depth - 1) if pick.random() < 0.6 else ""
        return "(?(%s)%s%s)" % (condition, self.sequence(depth - 1), no)

    def fixed(self, depth):
        """What is often of one width."""
        pick = self.random
        if pick.random() < 0.2:
            return self.pattern(depth)
        parts = []
        for _ in range(pick.randint(1, 3)):
            part = pick.choice([self.literal, self.set, lambda: "."])()
            if self.named and pick.random() < 0.1:
                part = "(?P=%s)" % pick.choice(self.named)
            if pick.random() < 0.2:
                part += "{%d}" % pick.randint(1, 3)
            parts.append(part)
        return "".join(parts)

    def repeated(self, depth):
        pick = self.random
        possessive = pick.random() < 0.12
        around, self.possessive = self.possessive, self.possessive or possessive
        atom = self.atom(depth)
        self.possessive = around
        if atom in ("^", "$", "\\A", "\\Z", "\\b", "\\B") and pick.random() < 0.95:
            return atom
        low = pick.randint(0, 3)
        repeat = pick.choice(["*", "+", "?", "{%d}" % low, "{%d,}" % low, "{,%d}" % (low + 1), "{%d,%d}" % (low, low + pick.randint(0, 3))])
        return atom + repeat + ("+" if possessive else pick.choice(["", "", "?"]))

    def sequence(self, depth):
        parts = []
        for _ in range(self.random.choice([0, 1, 1, 2, 2, 3])):
            parts.append(self.repeated(depth) if self.random.random() < 0.4 else self.atom(depth))
            if self.random.random() < (0.2 if self.verbose else 0.02):
                parts.append(self.random.choice(["(?#c)", "(?#(a[)", " ", "\t", "# a)\n", "#\n", "\\ ", "\\#"]))
        return "".join(parts)

    def pattern(self, depth):
        ways = [self.sequence(depth) for _ in range(self.random.choice([1, 1, 1, 2, 2, 3]))]
        return "|".join(ways)

    def text(self):
        length = self.random.choice([0, 1, 2, 3, 5, 8, 12, 20])
        return "".join(self.letter() for _ in range(length))

    def broken(self, pattern):
        """A pattern with something put in, taken away or cut off."""
        pick = self.random
        pieces = ["(", ")", "[", "]", "{", "}", "*", "+", "?", "\\", "|", "(?", "(?P<", "(?P=", "(?(", "(?i)", "(?-", "(?<", "\\1", "\\x4", "\\u12", "\\N{", "\\N{DIGIT ONE}", "{2,1}", "a-", "(?#", "\\Z", "\\q", "(?L)", "(?au)", "[^", "[a-\\d]", "\\777", "\\0", "\\8", "(?P<a>", "x{99999999999}"]
        at = pick.randint(0, len(pattern))
        roll = pick.random()
        if roll < 0.6:
            return pattern[:at] + pick.choice(pieces) + pattern[at:]
        if roll < 0.8:
            return pattern[:at]
        return pattern[:at] + pattern[at + 1:]

    def template(self):
        pieces = ["a", "-", "\\0", "\\1", "\\2", "\\g<1>", "\\g<0>", "\\g<n1>", "\\n", "\\\\", "\\101", "\\.", "\u00e9", "\\12"]
        count = self.random.choice([0, 1, 2, 3])
        template = "".join(self.random.choice(pieces) for _ in range(count))
        if self.random.random() < 0.05:
            template += self.random.choice(["\\", "\\g", "\\g<", "\\g<>", "\\g<9>", "\\q", "\\g<-1>", "\\777", "\\g<a b>"])
        return template

    def case(self):
        pick = self.random
        self.kind = "str" if pick.random() < 0.85 else "bytes"
        flags = 0
        for flag in (re.I, re.M, re.S, re.X):
            if pick.random() < 0.15:
                flags |= int(flag)
        roll = pick.random()
        if roll < 0.1:
            flags |= int(re.A)
        elif roll < 0.15:
            flags |= int(re.U if self.kind == "str" else re.L)
        elif roll < 0.16:
            flags |= int(pick.choice([re.U, re.L]))
        self.groups, self.opened, self.closed, self.named = 0, [], [], []
        self.possessive, self.half, self.open = False, [], False
        self.verbose = bool(flags & re.X)
        pattern = self.pattern(pick.choice([1, 2, 2, 3, 4]))
        if pick.random() < 0.05:
            pattern = "(?%s)" % pick.choice(["i", "m", "s", "x", "im"] + (["a", "u"] if self.kind == "str" else ["L"])) + pattern
        if pick.random() < 0.12:
            pattern = self.broken(pattern)
            # Groups may have other numbers now.
            self.half = self.half and list(range(1, 100))
        text = self.text()
        case = [self.kind, pattern, flags, text, self.operation(text)]
        if self.half or self.open:
            case.append({"half": self.half, "open": self.open})
        return case

    def part(self, text):
        """Where a part of a text begins and ends; now and then it ends before it begins."""
        pick = self.random
        part = [pick.randint(0, len(text) + 1), pick.randint(0, len(text) + 1)]
        return part if pick.random() < 0.1 else sorted(part)

    def operation(self, text):
        pick = self.random
        roll = pick.random()
        if roll < 0.45:
            return ["match"]
        if roll < 0.6:
            return ["in", *self.part(text)]
        if roll < 0.7:
            return ["split", pick.choice([0, 0, 1, 2])]
        if roll < 0.8:
            return ["sub", self.template(), pick.choice([0, 0, 1, 2])]
        if roll < 0.86:
            return ["findall", *(self.part(text) if pick.random() < 0.5 else [0, len(text)])]
        if roll < 0.91:
            calls = "".join(pick.choice("ms") for _ in range(5))
            return ["scanner", calls, *(self.part(text) if pick.random() < 0.5 else [0, len(text)])]
        if roll < 0.98:
            return ["expand", self.template(), pick.choice(["", "-"])]
        return ["escape"]


def show(case, result):
    print(json.dumps([case, result]), flush=True)


def main():
    signal.signal(signal.SIGALRM, too_slow)
    if sys.argv[1] == "picked":
        every = int(sys.argv[2]) if len(sys.argv) > 2 else 1
        for case in itertools.islice(picked.cases(), 0, None, every):
            print(json.dumps([case, answer(case)]))
    elif sys.argv[1] == "generate":
        maker = Maker(int(sys.argv[2]))
        for _ in range(int(sys.argv[3])):
            case = maker.case()
            print(json.dumps([case, answer(case)]))
    else:
        for line in sys.stdin:
            case = json.loads(line)
            show(case, answer(case))


main()
