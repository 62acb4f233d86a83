"""HTML as the Bot API parses it ("HTML style" in its documentation): few tags, closed in order, four named entities."""
import re

# Tag -> the type of MessageEntity it makes.
TYPES = {"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline", "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
         "tg-spoiler": "spoiler", "span": "spoiler", "a": "text_link", "tg-emoji": "custom_emoji", "code": "code", "pre": "pre", "blockquote": "blockquote"}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
ATTRIBUTE = re.compile(r"""\s+(?:(expandable)(?=[\s>])|([^\s=>]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([\w.-]+)))""")


class CannotParse(ValueError):
    pass


def decoded(text):
    def one(match):
        if match[1]:
            code = int(match[1][1:], 16) if match[1][0] in "xX" else int(match[1])
            return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else match[0]
        return NAMED[match[2]]

    return re.sub(r"&(?:#([xX][0-9a-fA-F]+|[0-9]+)|(lt|gt|amp|quot)(?![a-z]));?", one, text)


def parse(html):
    """The text, and its entities: (type, first character, end, more). Raises CannotParse with Telegram's reason."""
    text, entities, opened, at = "", [], [], 0
    while at < len(html):
        if html[at] != "<":
            end = html.find("<", at)
            end = len(html) if end < 0 else end
            text, at = text + decoded(html[at:end]), end
            continue
        offset = len(html[:at].encode())
        name = re.compile(r"</?([^\s>]*)").match(html, at)
        tag, at = name[1].lower(), name.end()
        if name[0].startswith("</"):
            at = closing(html, at, offset)
            if not opened:
                raise CannotParse(f"Unexpected end tag at byte offset {offset}")
            start, begun, more = opened.pop()
            if tag and tag != start:
                raise CannotParse(f"Unmatched end tag at byte offset {offset}, expected \"</{start}>\", found \"</{tag}>\"")
            if len(text) > begun:
                entities.append((TYPES[start], begun, len(text), more))
            continue
        if tag not in TYPES:
            raise CannotParse(f"Unsupported start tag \"{tag}\" at byte offset {offset}")
        more = {}
        while attribute := ATTRIBUTE.match(html, at):
            at = attribute.end()
            more[(attribute[1] or attribute[2]).lower()] = decoded(next((value for value in attribute.groups()[2:] if value is not None), ""))
        at = closing(html, at, offset)
        if tag == "span" and more.get("class") != "tg-spoiler":
            raise CannotParse(f"Tag \"span\" must have class \"tg-spoiler\" at byte offset {offset}")
        opened.append((tag, len(text), more))
    if opened:
        raise CannotParse(f"Can't find end tag corresponding to start tag \"{opened[-1][0]}\"")
    return text, entities


def closing(html, at, offset):
    end = re.compile(r"\s*>").match(html, at)
    if not end:
        raise CannotParse(f"Unclosed or malformed tag at byte offset {offset}")
    return end.end()


def dropped(entities):
    """What Telegram does not show of them: those past a hundred, in code, and a quote in a quote."""
    inside = [(a, b) for a in entities for b in entities if a is not b and b[1] <= a[1] and a[2] <= b[2]]
    lost = [f"{a[0]} inside {b[0]}" for a, b in inside if b[0] in ("code", "pre") and {a[0], b[0]} != {"code", "pre"} or a[0] == b[0] == "blockquote" and a[1:3] != b[1:3]]
    return lost + ([f"{len(entities)} entities"] if len(entities) > 100 else [])
