"""How literals and patterns are written that every engine reads alike."""

import re

# How the literals of a datatype are written. pySHACL takes years and months as they come. What is
# not listed is not kept apart by every store.
_DAY = (
    "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|02-(0[1-9]|1[0-9]|2[0-8]))"
)
_LEAP = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29"
_DATE = f"([0-9]{{4}}-{_DAY}|{_LEAP})"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?"
_ZONE = "(Z|[+-][0-9]{2}:[0-9]{2})?"
DATATYPES = {
    "string": "",
    "boolean": "^(true|false|1|0)$",
    "integer": "^[+-]?[0-9]+$",
    "decimal": "^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)$",
    "date": f"^{_DATE}{_ZONE}$",
    "dateTime": f"^{_DATE}T{_TIME}{_ZONE}$",
    "gYear": "",
    "gYearMonth": "",
}
# What every engine reads alike in a regular expression.
_ESCAPE = r"\\[dsnrt.\\?*+{}()\[\]|^$-]"
_PIECE = (
    rf"([^\\\[\]{{}}()*+?|\0]|{_ESCAPE}|\((\?:|(?!\?))|[)|]"
    rf"|\[\^?((?!--|&&|~~|\|\|)([^\\\[\]]|{_ESCAPE}))+\])"
)
COMMON_PATTERN = re.compile(rf"({_PIECE}([*+?]|\{{[0-9]+(,[0-9]*)?\}})?)*")
