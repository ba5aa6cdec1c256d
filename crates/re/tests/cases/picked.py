"""Hand-picked patterns, each with texts that show where engines differ."""

# Groups of (patterns, texts): each pattern is tried on each text of its group.
GROUPS = [
    # Places.
    (["a$", r"a\Z", "(?m)a$", "^a", "(?m)^a", r"\Aa", "$", "^", r"\Z", "(?m)$", "(?m)^", "^$", "(?m)^$", r"a$\n", "$a", r"\b", r"\B", r"\ba", r"a\b", r"\Ba", r"\b\b", r"(?a)\b", r"^*", r"(?:^)*a", r"(?:$)+", r"\bthe", r"\Bthe", r"\bthe\b"],
     ["", "a", "a\n", "\na", "a\n\n", "b\na\nb", "ba", "aa", "é a", "aé", " the bother Thethe"]),
    # Repeats, empty passes and what groups keep.
    (["a*", "a+", "a?", "a*?", "a+?", "a??", "a*+", "a++", "a?+", "a{2}", "a{2,}", "a{,2}", "a{1,2}", "a{1,2}?", "a{1,2}+", "a{0}", "(a){0}", "a{,}", "a{", "a{}", "a{1", "a{1,", "a{x}", "a{1,2", "{", "x{,", "a{2}{3}", "(?:a{2}){2}", "a**", "a*??", "a+*", "(a*)*", "(a*)+", "(a+)*", "(a*?)*", "(a*)*?", "(a*)+?b", "(|a)*", "(|a)+", "(a|)*", "(a|)+", "(?:|a)*", "(a|b)*", "(?:(a)|b)*", "(?:(a)|(b))*", "(?:(a)|(b)|c)*?c", "((a)|b)+?c", "(a)?b", "(a)*?b", "(?:a?)*?b", "(?:a*)*b", "((?:a|ab)c?)*b", "(a?){3}", "(a?){2,4}", "(a??){2,4}", "(a|b){2,3}?c", "(?:a|ab)(?:c|bcd)(d*)", "(a+|b)*", "(a+|b){0,}", "(a+|b)+", "(a+|b){1,}?", "(?:a|b)*?a", "(a*)(a*)", "(a*?)(a*)", "x*", "(?:)*", "(?:){3}", "(?:a{0,2}){2,3}b"],
     ["", "a", "aa", "aaa", "b", "ab", "aab", "ba", "abab", "abcd", "baac", "{", "a{", "a{1,2", "xab"]),
    # Groups by themselves, once matched.
    (["(?>a+)b", "(?>a|ab)c", "(?>a*)a", "(?>(a)|b)c", "((?>a+))b", "(?>a+?)b", "(?:ab)++c", "(?:a|ab)++c", "(?:ab|a){1,2}+b", "(?>(?:a|b)*)c", "(?:(?>a+)b)*", "(?>a*?)b", "[ab]*+b", ".*+b", "(?=(a+))ab", "(?=(a+))\\1b", "(?!(a))b", "(?!a)b|a", "(?=a)*b", "(?=(a))?a", "(?:(?=(a))a)*", "(?<=a)b", "(?<!a)b", "(?<=(a))b", "(?<=^a)b", "(?<=a|b)c", "(?<=a|bc)c", "(?<=ab)c", "(?<!ab)c", r"(?<=\b)a", "(?<=a*)b", "(?<=a{2})b", "(?<=(?:ab){2})a", "(?<=(?=a)a)b", "(?<=(?<=a)b)c", "(?<!(?!a).)b", "(?<=(?>ab))c", "(?<=a++)b", "(a)(?<=\\1)b", "(?<=(a)\\1)b", "(?<=(?(1)a|b))c", "(b)?(?<=(?(1)b|a))c", "(?<=)a", "(?=)a", "(?!)a", "(?<!)a", "(?:(?!b).)*", "^(?!.*b)", "(?=.*a)(?=.*b).+"],
     ["", "a", "b", "ab", "aab", "aaab", "abc", "ac", "bc", "ababa", "abababc", "bca"]),
    # References and conditionals.
    ([r"(a)\1", r"(a*)\1", r"(a*?)\1b", r"(a|b)\1", r"(?:(a)|b)\1", r"(a)?\1b", r"(?i)(a)\1", r"(?P<x>a)(?P=x)", r"\1(a)", r"(a\1)", r"(?P=x)(?P<x>a)", r"(a)(b)\2\1", r"(a)\01", r"(a)\11", r"(a)\9", r"(a)\1\0", r"(a)\100", r"(a)(?(1)b|c)", r"(a)?(?(1)b|c)", r"(?(1)a|b)(c)", r"(a)?b(?(1)c)", r"(?P<x>a)?(?(x)b|c)", r"(?(x)a|b)", r"(?(0)a|b)", r"(?(2)a|b)(a)", r"(a)?(?(1)|b)", r"(a)?(?(1)b|)", r"(a)?(?(1)b|c|d)", r"(a)?(?(1)(?:b|c)|d)", r"(?:(a)|b)*(?(1)x|y)", r"((?(1)a|b))*", r"(?:(a)|(?(1)b|c))*", r"(\()?a(?(1)\))", r"(?(1", r"(?(1)", r"(?(1)a", r"(?(-1)a)", r"(?(+1)a)(b)", r"(?( 1 )a)(b)", r"(?(1_0)a)", r"(?(a b)c)", r"(?()a)", r"(a)(?(1)b)*", r"(.)(.)(.)\3\2\1", r"(a)(?:\1)*", r"(a(b)?)+", r"(a(b)?)+\2", r"(?:(a)|(b)|(c))+\1?"],
     ["", "a", "aa", "b", "ab", "aab", "abba", "aA", "c", "ac", "bc", "(a)", "(a", "a)", "abcabc", "bby", "abx", "a\x01", "a\t", "ababab", "aba", "abccba"]),
    # Sets.
    (["[abc]", "[^abc]", "[a-c]", "[^a-c]", "[]a]", "[^]a]", "[a]]", "[-a]", "[a-]", "[a\\-c]", "[\\]]", "[[a]", "[[:alpha:]]", "[a&&b]", "[a--b]", "[a||b]", "[\\w-]", "[\\w-a]", "[a-\\d]", "[c-a]", "[]", "[^]", "[", "[a", "[a-", "[\\", "[\\d\\s]", "[^\\d\\s]", "[\\D\\S]", "[\\W\\d]", "[^\\W_]", "[\\b]", "[\\x41-C]", "[\\101]", "[\\0]", "[\\8]", "[\\q]", "[\\A]", "[$^.]", "[.]", "[\\n]", "[a-a]", "[aa]", "[^a]", "[^\\n]", "[^^]", "[\\u0041]", "[\\N{LATIN SMALL LETTER A}-c]", "[é-ü]", "[^é]", "(?i)[a-c]", "(?i)[^a-c]", "(?i)[A-Z]", "(?i)[k]", "(?i)[K]", "(?i)[ſ]", "(?i)[s]", "(?i)[\u0131]", "(?i)[i-k]", "(?ia)[k]", "(?i)[\U00010400]", "(?i)[\U00010400a]", "(?i)[\U00010428a]", "(?i)[\U00010400-\U00010427]", "(?i)[\U00010428-\U0001044f]", "(?i)[\u00e0-\U00010428]", "(?i)[\u01c4\u01c5]", "(?i)[\u03c3]", "(?i)[\u1e9e]", "(?i)[\u0345]", "(?i)[\u00b5x]", "(?i)[\u1f80-\u1f8f]", "(?i)[\u1f88-\U00010000]"],
     ["a", "b", "C", "-", "]", "a]", "[", "^", "1", "_", " ", "\n", "\x08", "é", "É", "K", "\u212a", "ſ", "s", "S", "\u0130", "\u0131", "i", "I", "\U00010400", "\U00010428", "\u01c5", "\u01c6", "ς", "Σ", "ß", "ẞ", "\u03b9", "\u03bc", "µ", "\u1f80", "\u1f88", "\u0660"]),
    # Case.
    (["(?i)a", "(?i)É", "(?i)ß", "(?i)ẞ", "(?i)ss", "(?i)k", "(?i)\u212a", "(?i)s", "(?i)ſ", "(?i)\u0130", "(?i)i", "(?i)I", "(?i)\u0131", "(?i)σ", "(?i)ς", "(?i)Σ", "(?i)\u01c4", "(?i)\u01c5", "(?i)\u01c6", "(?i)\ufb05", "(?i)\ufb06", "(?i)\u1e61", "(?i)\u1e9b", "(?i)\u0390", "(?i)\u1fd3", "(?i)\u03b8", "(?i)\u03f4", "(?i)\u2126", "(?i)\u00e5", "(?i)\u13a0", "(?i)\uab70", "(?i)\U00010400", "(?i)\U00010428", "(?ia)k", "(?ia)é", "(?i)[^k]", "(?i)[^ſ]", "(?i)(?-i:a)b", "(?i:a)b", "a(?i:b)c", "(?-i)a", "(?i)(.)\\1", "(?a)\\w", "\\w", "\\W", "\\d", "(?a)\\d", "\\s", "(?a)\\s", "(?u)\\w", "(?a:\\w)\\w", "(?u:\\w)", "(?au)a", "(?L)a", "(?a-u:x)", "(?i-i:a)"],
     ["a", "A", "é", "É", "ß", "ẞ", "ss", "k", "K", "\u212a", "s", "S", "ſ", "i", "I", "\u0130", "\u0131", "σ", "ς", "Σ", "\u01c4", "\u01c5", "\u01c6", "\ufb05", "\ufb06", "\u1e60", "\u1e61", "\u1e9b", "\u0390", "\u1fd3", "\u03b8", "\u03f4", "\u03d1", "\u2126", "\u03c9", "\u212b", "\u00c5", "\u13a0", "\uab70", "\U00010400", "\U00010428", "abc", "ABC", "aBc", "kK\u212a", "\u0660", "5", "\u00b2", "\u00bd", "_", "\x1c", "\x85", "\xa0", "\u2028", "\u200b", "\u0301", "\u203f", "\U0001d7ce", "\u4e00", "\u2167", "\u02b0"]),
    # Escapes.
    ([r"\a", r"\f", r"\v", r"\x41", r"\x4", r"\x", r"\xg1", r"\u0041", r"\u004", r"\U00000041", r"\U00110000", r"\U0001F600", r"\0", r"\00", r"\000", r"\0101", r"\101", r"\377", r"\400", r"\777", r"\18", r"\8", r"\N{LATIN CAPITAL LETTER A}", r"\N{latin capital letter a}", r"\N{LINE FEED}", r"\N{nonsense}", r"\N{-}", r"\N{-A}", r"\N{ EM DASH}", r"\N{", r"\N{}", r"\N", r"\NA", r"\N{CJK UNIFIED IDEOGRAPH-4E00}", r"\N{HANGUL SYLLABLE GA}", r"\N{EM DASH}", r"\N{DIGIT ONE}", r"\N{NBSP}", r"\N{ZWJ}", r"\N{zwj}", r"\N{BOM}", r"\N{LATIN CAPITAL LETTER GHA}", r"\N{LATIN CAPITAL LETTER OI}", r"\N{LINEFEED}", r"\N{LINE_FEED}", r"\N{CJK UNIFIED IDEOGRAPH-4e00}", r"\N{CJK UNIFIED IDEOGRAPH-04E00}", r"\N{hangul syllable ga}", r"\N{HANGUL SYLLABLE }", r"\N{KEYCAP DIGIT ONE}", r"\q", r"\y", r"\z", r"\E", r"\_", r"\é", r"\ ", r"\#", r"\-", "\\", "a\\", r"\.", r"\p", r"\ud800", r"[\ud800-\udfff]", r"[^\ud800]"],
     ["A", "a", "\a", "\f", "\v", "\0", "\x00101", "\xff", "ÿ", "\n", "一", "가", "—", "1", "\x018", "_", "é", " ", "#", "-", ".", "😀", "\x081", "8", "\xa0", "\u200d", "\ufeff", "\u01a2"]),
    # Flags and layout.
    (["(?x) a b # c", "(?x)a\\ b", "(?x)[a b]", "(?x)a{1, 2}", "(?x)a + b", "(?x)a b|(?-x:c d)", "(?x: a ) b", "(?x)#", "(?x)a#\nb", "(?x)(?# x )a", "(?#)a", "(?#", "a(?#b)*", "(?s).", "(?s:.).", ".", "(?-s:.)", "(?m-s:^.)", "a(?i)b", "(?i)", "(?i)(?s)a.", "|(?i)a", "((?i)a)", "(?z)", "(?iz)", "(?i", "(?", "(", ")", "a)", "(a", "(?:a", "(?=a", "(?P", "(?P<", "(?P<a", "(?P<a>", "(?P<a>b", "(?P<>a)", "(?P<1a>b)", "(?P<a b>c)", "(?P<é>a)", "(?P<a>b)(?P<a>c)", "(?Pa)", "(?P=", "(?P=)", "(?P=a", "(?P=a)", "(?P=1)", "(?P>a)", "(?<a>b)", "(?<", "(?<a", "(?*a)", "(?'a'b)", "(?|a)", "(?-)", "(?-:a)", "(?i-:a)", "(?i-", "(?--i:a)", "(?-i-s:a)", "(?é:a)", "(?\\:a)", "(?i\\", "(?a-i:x)", "(?-a:x)", "(?ii:a)", "(?s-s:a)", "(?^:a)", "(?ix) a", "*a", "+", "?", "|*", "(*)", "(?:*)", "a|*", "a||b", "|", "()", "(|)", "(?:)", "a|b|", "(?:a|b", "(?i:a|b", "\\Z*", "x{4294967294}", "x{4294967295}", "x{1,4294967295}", "x{99999999999999999999}", "x{2,1}", "(?:x{0,4294967294}){0,3}"],
     ["", "a", "ab", "a b", "A", "c d", "a\n", "b", "AB", "x", "\n"]),
    # What alternatives share, and longer ones.
    (["abc|abd|abe", "a|b|[cd]", "(?:a|b|\\d)+", "ab|ac", "(?:ab|ac)+d", "a|ab|abc", "abc|ab|a", "(?:a|ab|abc)$", "foo|foobar|foobaz", "(?i)foo|FOOBAR", "(?:foo|bar)+?baz", "foo|foob|foobar|foobaz|fo|bar|ba|barfoo|baz|a|ab|abc|abd|abdab|abe|acabd|c|c3po|r2d2|xb", "(?:foo|foob|foobar|foobaz|fo|bar|ba|barfoo|baz|a|ab|abc|abd|abdab|abe|acabd|c|c3po|r2d2|xb)+$", "^(?:foo|foob|foobar|foobaz|fo|bar|ba|barfoo|baz|a|ab|abc|abd|abdab|abe|acabd|c|c3po|r2d2|xb)*?(?:z|d)", "(foo|foob|foobar|foobaz|fo|bar|ba|barfoo|baz|a|ab|abc|abd|abdab|abe|acabd|c|c3po|r2d2|xb)(?:z|d)", "(?>foo|foob|foobar|foobaz|fo|bar|ba|barfoo|baz|a|ab|abc|abd|abdab|abe|acabd|c|c3po|r2d2|xb)(?:z|d)", "r2d2|c3po", "[r2d2|c3po]+", "(?:a(?:b|c)|a(?:b|d))", "(?i:\U00010400|a)", "(?i:\u212a|x)", "\\bfoo\\b|\\bbar\\b", "(foo)|(bar)|(baz)", "(?:(foo)|(bar))+", "x?(?:a|x)b", "Windows(?=95|98|NT|2000)", "Windows(?!95|98|NT|2000)", "(?<=95|98|NT|XP)Windows", "(?<!95|98|NT|XP)Windows"],
     ["", "a", "ab", "abc", "abd", "abdab", "acabd", "foobar", "foobaz", "FOOBAR", "foobarbaz", "r2d2 c3po", "bar foo", "barfoobaz", "\U00010400", "\U00010428", "k", "\u212a", "xb", "xxb", "Windows2000", "Windows3.1", "98Windows", "2000Windows"]),
    # Patterns that people use.
    ([r"\w+@\w+\.\w+", r"(\w+)@(\w+)\.com", r"(<)?(\w+@\w+(?:\.\w+)+)(?(1)>|$)", r"(\d{3})-(\d{3})-(\d{4})", r"(?P<area>\d{3})[-. ]?(?P<rest>\d{3}-\d{4})", r"^(?:\+?1[-. ]?)?\(?(\d{3})\)?[-. ]?(\d{3})[-. ]?(\d{4})$", r"\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})", r"^(?!.*(?:noreply|postmaster)).*@", r"(?m)^\s+(?!noreply|postmaster)(\w+)", r", |(?= (?:\d{5}|[A-Z]{2})) ", r"\s*[,;]\s*", r"\W+", r"(\W+)", r"(?<=\d)(?=(?:\d{3})+$)", r"(['\"])(?:\\.|(?!\1).)*\1", r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d).{8,}$", r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4}", r"https?://[^\s/$.?#].[^\s]*", r"<(\w+)[^>]*>.*?</\1>", r"(?i)\b(\w+)\s+\1\b", r"^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$", r"(?m)^([^:]+):\s*(.*)$", r"[^\x00-\x7f]+", r"(?:(?<=^)|(?<=,))([^,]*)", r"\b[A-Z][a-z]+(?:\s[A-Z][a-z]+)*\b", r"(\w)(\w)?(\w)?\3?\2?\1"],
     ["", "user@host.com", "<user@host.com>", "<user@host.com", "a.b@c.d.e, x@y.com", "800-555-1212", "+1 (800) 555-1212", "12/24/2000 1/2/99", "noreply@x.org", " noreply\n postmaster\n joe\n", "Mountain View, CA 94040", "Los Altos, CA", "a , b;c", "1234567", "say \"it's\" and 'a\\'b'", "Passw0rdX", "192.168.1.255", "see http://x.org/a?b#c now", "<b class=x>hi</b><i>x</i>", "the the Cat cat", "sub.example-x.com", "From: a\nTo: b\n", "naïve café", ",a,,b", "John Smith met Mary", "abcba"]),
    # Ways that explode.
    (["(a+)+b", "(a*)*b", "(a|aa)+b", "(a|a)*b", "(?:a?){12}a{12}", "(.*)*x", "(?:.*a){6}x", "^(\\w+\\s?)*$", "(x+x+)+y", "([a-z]+)*=", "(?:(?:a+)+)+b", "(a?b?)*c"],
     ["a" * 12, "a" * 12 + "b", "ab" * 6, "x" * 12, "word word word!", "a b c d e f"]),
]

# Patterns and texts of bytes, with a character for each.
BYTES = [
    ([r"\w", r"\W", r"\d", r"\s", r"\b", "(?i)\xe9", "(?i)[\xe0-\xff]", "(?L)\\w", "(?Li)\xe9", "(?Li)[a-c]", "(?i)[A-C]", "(?La)a", "(?u)a", r"\u0041", r"\N{DIGIT ONE}", r"\xff", r"\377", r"\400", "[^\xff]", ".", "\x00", "\xe9+", "(?i)k", "(?P<\xe9>a)", "(?\xe9)", "(?P<a\xe9 b>c)", "\xe9{2}", "[\x80-\xff]+"],
     ["", "a", "K", "\xe9", "\xc9", "\xff\x00", "\xe9\xe9", "5", " ", "\xa0", "\x85", "_", "\u00b2"]),
]

# What matches are replaced by.
TEMPLATES = ["-", "", r"\0", r"\1", r"<\g<0>>", r"\g<1>\g<1>", r"\2", r"\g<name>", r"\g<none>", r"\g<", r"\g", r"\g<>", r"\g<1", r"\g<-1>", r"\g<+1>", r"\g< 1 >", r"\g<1_0>", r"\g<99>", r"\99", r"\1a", r"\10", r"\100", r"\101", r"\01", r"\400", r"\377", r"\8", r"\n\t\\", r"\q", r"\.", r"\é", r"\x41", "\\", "é", r"\g<name>\1", r"\g<é>", r"\g<a b>", r"\b"]
REPLACED = [("a", "banana"), ("(a)(n)?", "banana"), ("(?P<name>a)|x*", "bax"), ("x*", "axb"), (r"\b", "a b"), ("(?=a)", "aba"), ("", "ab")]
SPLIT = ["x*", "(x*)", "[ab]+", "(a)|b", "", r"\b", "(?=x)", "(?m)^", "$", ",", "(,)(;)?", "x+?"]
TOLD = ["(?P<name>a)|(b)", "(?P<one>a)(?P<name>,)?", "((?P<name>x)+)", "(?P<name>)"]
SPLIT_TEXTS = ["", "a", "axbxxc", "a,b,;c", "xx", "a\nb\n"]
PARTS = ["^", "$", r"\b", "(?<=a)b", "(?<!a)b", "a*", "(?m)^b", r"\Z", "b(?=c)", "a", r"\B"]


def cases():
    for kind, groups in (("str", GROUPS), ("bytes", BYTES)):
        for patterns, texts in groups:
            for pattern in patterns:
                for text in texts:
                    yield [kind, pattern, 0, text, ["match"]]
    for template in TEMPLATES:
        for pattern, text in REPLACED:
            yield ["str", pattern, 0, text, ["sub", template, 0]]
        yield ["bytes", "(?P<name>a)", 0, "ba", ["sub", template, 0]]
    for pattern in SPLIT:
        for text in SPLIT_TEXTS:
            for most in (0, 1, 2):
                yield ["str", pattern, 0, text, ["split", most]]
                yield ["str", pattern, 0, text, ["sub", "-", most]]
    for pattern in PARTS:
        for text in ("abc", "a\nb", "éab"):
            for start in range(len(text) + 1):
                for end in range(start, len(text) + 2):
                    yield ["str", pattern, 0, text, ["in", start, end]]
    for pattern in SPLIT + TOLD:
        for text in SPLIT_TEXTS:
            for kind in ("str", "bytes"):
                yield [kind, pattern, 0, text, ["findall", 0, len(text)]]
                yield [kind, pattern, 0, text, ["findall", 1, 3]]
                yield [kind, pattern, 0, text, ["expand", r"<\g<0>>", "-"]]
                yield [kind, pattern, 0, text, ["expand", r"\1\g<name>", ""]]
                for calls in ("mmm", "sss", "msm"):
                    yield [kind, pattern, 0, text, ["scanner", calls, 0, len(text)]]
                    yield [kind, pattern, 0, text, ["scanner", calls, 1, 3]]
    for kind in ("str", "bytes"):
        for text in ("", "a.b", "".join(map(chr, range(256)))):
            yield [kind, "", 0, text, ["escape"]]
    # What ends before it begins.
    for pattern in PARTS:
        yield ["str", pattern, 0, "abc", ["in", 3, 1]]
        yield ["str", pattern, 0, "abc", ["findall", 3, 1]]
        yield ["str", pattern, 0, "abc", ["scanner", "ms", 3, 1]]
    for flags in (2, 4, 8, 16, 32, 64, 256, 2 | 256, 32 | 256, 4 | 256, 2 | 4):
        for kind in ("str", "bytes"):
            for pattern in ("a.^b", "(?i)a b", "(?-i:A)", r"\w+$"):
                for text in ("a\nb", "A B", "ab\n", "A"):
                    yield [kind, pattern, flags, text, ["match"]]
