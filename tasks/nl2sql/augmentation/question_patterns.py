"""Patterns of Chinese questions about any table, by what they ask.

They name columns by their headers and know nothing of a table's topic. In a pattern `a|b` between braces is a
choice, and a name between braces is a placeholder: `h` a column's name, `o` a second one's, `v` a value, `u`
its unit, `c` the conditions and `q` 是什么 or 是多少 (`tasks.nl2sql.synthetic.phrasing.fill`).
"""

from tasks.nl2sql.query.schema import AND, AVG, COUNT, EQUAL, GREATER, LESS, MAX, MIN, NONE, OR, SUM, UNEQUAL

CONDITION_ON_NUMBERS = {
    GREATER: "{h}{大于|超过|高于|多于|超出|不止}{v}{u}|{h}{在|}{v}{u}以上|{h}比{v}{u}{高|大|多}",
    LESS: "{h}{小于|低于|少于|不到|不足|没到}{v}{u}|{h}{在|}{v}{u}以下|{h}比{v}{u}{低|小|少}",
    EQUAL: "{h}{等于|是|为|正好是|}{v}{u}",
    UNEQUAL: "{h}{不等于|不是|不为}{v}{u}",
}
CONDITION_ON_TEXT = {
    EQUAL: "{h}{是|为|等于|叫|}{v}",
    UNEQUAL: "{h}{不是|不为|不等于|不叫|非|不在}{v}",
}
"""Patterns of a condition, by operator."""

FURTHER_ON_NUMBERS = {
    GREATER: "{大于|超过|高于|多于}{v}{u}|在{v}{u}以上",
    LESS: "{小于|低于|少于|不到|不足}{v}{u}|在{v}{u}以下",
    EQUAL: "{等于|是|}{v}{u}",
    UNEQUAL: "{不等于|不是}{v}{u}",
}
FURTHER_ON_TEXT = {EQUAL: "{是|为|}{v}", UNEQUAL: "{不是|不为|不等于}{v}"}
"""Patterns of a further condition on the same column, by operator."""

CONNECTOR = {
    AND: "{并且|而且|且|同时|，|，而且|，并且|又}",
    OR: "{或者|或|或是|，或者|要么}",
}
"""Patterns between two conditions, by connector."""
FURTHER_CONNECTOR = {AND: "{且|并且|同时|又|但}", OR: "{或者|或|或是|和|、}"}
"""Patterns between two conditions on one column, by connector."""

SELECT = {
    NONE: "{c}的{h}{q}|{c}的{都有|有}哪些{h}|{c}的是{哪些|哪个|什么}{h}|{哪些|哪个|哪几个|什么}{h}的{c}"
    "|{c}，{它的|其|它们的|}{h}{q}|{c}的{话|时候|情况下}，{h}{q}",
    AVG: "{c}的平均{h}{q}|{c}的{h}{的平均值|平均值|均值|平均}{q}|{c}的{h}平均下来有多少",
    MAX: "{c}的{最高|最大|最多}的{h}{q}|{c}的{h}{最高|最大|最多|最大值}{q}|{c}的最{高|大|多}{h}{q}",
    MIN: "{c}的{最低|最小|最少}的{h}{q}|{c}的{h}{最低|最小|最少|最小值}{q}|{c}的最{低|小|少}{h}{q}",
    COUNT: "{c}的{h}{一共|总共|}有{多少|几}{个|种|家|条|名|}|{c}的{一共|}有{多少|几}{个|种|家|条|名}{h}"
    "|{有多少|有几|多少}{个|种|家|条|名}{h}的{c}|{c}的{h}{数量|个数}{q}",
    SUM: "{c}的总{h}{q}|{c}的{h}{总和|之和|合计|总计|总数|总量}{q}|{c}的{h}{一共|总共|加起来}{是|有|}多少",
}
"""Patterns of a question for a column, by aggregate."""
SELECT_TWO = "{c}的{h}{和|、|以及|与}{o}{{q}|分别{q}|各{q}}"
"""Pattern of a question for two columns."""
SELECT_OF_ALL = {
    NONE: "{都有|有|}哪些{h}|{所有|全部}的{h}{q}",
    AVG: "{所有|全部|}{h}的{平均值|均值}{q}|平均{h}{q}|{h}平均{q}",
    MAX: "{h}{最高|最大|最多}{q}|最{高|大|多}的{h}{q}|{h}的最大值{q}",
    MIN: "{h}{最低|最小|最少}{q}|最{低|小|少}的{h}{q}|{h}的最小值{q}",
    COUNT: "{一共|总共|}有{多少|几}{个|种|家|条|名}{h}|{h}{一共|总共}有{多少|几}{个|种|家|条|名}",
    SUM: "{h}{总和|之和|合计|总计}{q}|{所有|全部}{h}加起来{q}|总{h}{q}",
}
"""Patterns of a question for a column of all rows, by aggregate."""
OPENING = "{||||请问|你好，|我想知道|帮我查一下|查询一下|你知道|想问一下}"
CLOSING = "{|？|?|呢？|吗？|啊}"
