"""Foreign text at its worst, for hypothesis."""

from __future__ import annotations

import re

from hypothesis import strategies as st

FRAGMENTS = [
    *"\\`*_~{}<>[]|^$#&%=()-+.:;!@'\"/ \t\n\r",
    *"aZ09",
    *("{{", "}}", "{%", "%}", "{#", "{{<", "{{%", "<%", "%>", "<%*", "%%", "$=", "$$", "::", "=="),
    *("`= this`", "```dataview\n", "~~~\n", "~~", "**", "__", "[[", "]]", "![[", "![", "](", "(("),
    *("))", "[^1]", "[^1]:", "[x](https://evil.example)", "![x](https://evil.example/i.png)"),
    *(
        "[x]: https://evil.example",
        "<https://evil.example>",
        "<img src=x>",
        "<script>",
        "</details>",
    ),
    *(
        "<!--",
        "-->",
        "--",
        "<b>",
        "&lt;",
        "&#35;",
        "&amp;",
        "&",
        "&x",
        "#tag",
        " #tag",
        "#12",
        "GH-12",
    ),
    *("https://evil.example", "http://", "www.evil.example", "www.", "ftp://evil.example", "://"),
    *("mailto:a@evil.example", "xmpp:a@evil.example/x", "a@evil.example", "@name", "user/repo#1"),
    *(
        ":smile:",
        ":+1:",
        "key:: value",
        "[key:: value]",
        "^id",
        " ^id",
        "- ",
        "+ ",
        "* ",
        "1. ",
        "1) ",
    ),
    *(
        "# ",
        "## ",
        "> ",
        ">",
        "> [!note]",
        "- [ ] ",
        "---",
        "===",
        "    ",
        "  \n",
        "\\\n",
        "\n\n",
        "|",
        "\\|",
    ),
    *(
        "\x00",
        "\x07",
        "\x1b[31m",
        "\x1b]8;;https://evil.example\x07",
        "\x9b31m",
        "\x7f",
        "\x85",
        "\x0b",
    ),
    *(
        "\u2028",
        "\u2029",
        "\u202e",
        "\u2066",
        "\u200f",
        "\u061c",
        "\u200b",
        "\u200d",
        "\ufeff",
        "\u00ad",
    ),
    *(
        "\u00a0",
        "\u3000",
        "é",
        "日本",
        "👩\u200d💻",
        "می\u200cخواهم",
        "%20",
        "%",
        "%7",
        "/../",
        "//",
        "?a=1&b=2",
    ),
    *(
        "x" * 290,
        "javascript:alert(1)",
        "data:text/html,x",
        "obsidian://open",
        "file:///etc/passwd",
    ),
]

texts = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=12).map("".join)

# What a template, query or shortcode engine, or an app that reads raw text, would wake up for.
TRIGGERS = re.compile(
    r"\{|\}|<%|%>|%%|\[\[|\]\]|!\[|\(\(|\$|::|==|`|~~|(?:^|\s)#[^\s#]|(?:^|\s)\^|\^[0-9A-Za-z]"
    r"|<(?!!-- -->|!-- linkwatch:report -->|/?details>|/?summary>)|[\x00-\x09\x0b-\x1f\x7f-\x9f]"
    r"|[\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]|&\#",
    re.MULTILINE,
)
