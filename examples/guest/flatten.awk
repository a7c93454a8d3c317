# Flattens YAML, as far as seeds need it, into lines of "path<TAB>value": ethernets.eth0.addresses.0<TAB>10.0.0.2/24
#
# Understood: block mappings and sequences, flow style over any number of lines (so all of JSON), plain and quoted
# scalars, literal blocks (|), comments. Newline, tab and backslash in values are written \n, \t and \\.
# What is not understood (anchors, aliases, tags, folded blocks, several documents) ends it with an error and status 1:
# half a configuration is worse than none.
{ sub(/\r$/, ""); line[++lines] = $0 }

END {
    at = 1
    skip()
    if (at <= lines && line[at] ~ /^---[ \t]*$/) { at++; skip() }
    if (at <= lines) block(indent(line[at]), "", 0)
    skip()
    if (!failed && at <= lines) fail("this does not belong here")
    exit failed
}

function fail(what) {
    if (!failed) print "line " at ": " what ": " line[at] > "/dev/stderr"
    failed = 1
    at = lines + 1
}

function indent(text) { match(text, /^ */); return RLENGTH }
function skip() { while (at <= lines && line[at] ~ /^[ \t]*(#.*)?$/) at++ }

function emit(path, value,    parts, count, i) {
    # gsub could not double a backslash: awks differ in how they read its replacement.
    count = split(value, parts, /\\/)
    value = parts[1]
    for (i = 2; i <= count; i++) value = value "\\\\" parts[i]
    gsub(/\n/, "\\n", value)
    gsub(/\t/, "\\t", value)
    print path "\t" value
}

function under(path, key) { return path == "" ? key : path "." key }

# The mapping, sequence or lone value whose lines are indented by exactly `depth`, from line `at` on. A sequence beside
# its own key ends where the next key begins: `items_only`.
function block(depth, path, items_only,    text, count, key) {
    for (skip(); at <= lines && indent(line[at]) == depth; skip()) {
        text = substr(line[at], depth + 1)
        if (text ~ /^-( |$)/) {
            key = under(path, count + 0)
            count++
            line[at] = substr(line[at], 1, depth) " " substr(text, 2)
            if (line[at] ~ /^ *$/) { at++; nested(depth, key, 0) }
            else block(indent(line[at]), key, 0)
            continue
        }
        if (items_only) return
        if (!splitkey(text)) {
            if (count) fail("neither a key nor an item")
            else value(text, path, depth - 1)
            return
        }
        count++
        value(split_rest, under(path, split_key), depth)
    }
}

# What stands below a key or a dash that has nothing beside it. A sequence may stand as far left as its key.
function nested(depth, path, is_key) {
    skip()
    if (at <= lines && indent(line[at]) > depth) block(indent(line[at]), path, 0)
    else if (at <= lines && is_key && indent(line[at]) == depth && line[at] ~ /^ *-( |$)/) block(depth, path, 1)
    else emit(path, "")
}

# Splits `key: rest` into split_key and split_rest.
function splitkey(text,    end) {
    if (text ~ /^["']/) {
        end = closing(text)
        if (!end || substr(text, end + 1) !~ /^ *:( |$)/) return 0
        split_key = unquote(substr(text, 1, end))
        split_rest = substr(text, end + 1)
        sub(/^ *: */, "", split_rest)
        return 1
    }
    if (text ~ /^[\[{]/ || !match(text, /: |:$/)) return 0
    split_key = substr(text, 1, RSTART - 1)
    split_rest = substr(text, RSTART + 1)
    sub(/^ +/, "", split_rest)
    return 1
}

# The value that begins with `text` at the end of line `at`.
function value(text, path, depth,    end) {
    sub(/^#.*/, "", text)
    if (text ~ /^ *$/) { at++; nested(depth, path, 1); return }
    if (text ~ /^\|[-+]?[ \t]*$/) { literal(path, depth, substr(text, 2, 1)); return }
    if (text ~ /^[&*!>%@`|]/) { fail("this tiny reader does not know"); return }
    if (text ~ /^[\[{]/) {
        flow_text = text
        flow(path)
        if (flow_text !~ /^[ \t]*(#.*)?$/) fail("more after a value")
        at++
        return
    }
    if (text ~ /^["']/) {
        end = closing(text)
        if (!end || substr(text, end + 1) !~ /^[ \t]*(#.*)?$/) { fail("a string without its end"); return }
        emit(path, unquote(substr(text, 1, end)))
    } else {
        sub(/[ \t]+#.*/, "", text)
        sub(/[ \t]+$/, "", text)
        emit(path, text)
    }
    at++
}

function literal(path, depth, chomp,    inner, text) {
    inner = -1
    for (at++; at <= lines; at++) {
        if (line[at] ~ /^ *$/) { text = text "\n"; continue }
        if (inner < 0) inner = indent(line[at])
        if (inner <= depth || indent(line[at]) < inner) break
        text = text substr(line[at], inner + 1) "\n"
    }
    if (chomp != "+") sub(/\n+$/, chomp == "-" ? "" : "\n", text)
    emit(path, text)
}

# The place of the quote that closes the string at the beginning of text; 0 if there is none.
function closing(text,    quote, i, c) {
    quote = substr(text, 1, 1)
    for (i = 2; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "\\" && quote == "\"") i++
        else if (c == quote) {
            if (quote == "'" && substr(text, i + 1, 1) == quote) i++
            else return i
        }
    }
    return 0
}

function unquote(text,    quote, out, i, c) {
    quote = substr(text, 1, 1)
    text = substr(text, 2, length(text) - 2)
    if (quote == "'") { gsub(/''/, "'", text); return text }
    if (text !~ /\\/) return text
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "\\") {
            c = substr(text, ++i, 1)
            if (c == "n") c = "\n"
            else if (c == "t") c = "\t"
            else if (c == "r") c = "\r"
            else if (c == "u" || c == "x") { c = unicode(substr(text, i + 1, c == "u" ? 4 : 2)); i += c_length }
            else if (c !~ /["\\\/ ]/) { fail("an escape that this tiny reader does not know"); return "" }
        }
        out = out c
    }
    return out
}

# One character in UTF-8, from its number in hexadecimal; pairs of surrogates are not joined.
function unicode(hex,    i, n) {
    c_length = length(hex)
    for (i = 1; i <= c_length; i++) n = n * 16 + index("0123456789abcdef", tolower(substr(hex, i, 1))) - 1
    if (n < 1 || (n >= 55296 && n < 57344)) { fail("an escape that this tiny reader does not know"); return "" }
    if (n < 128) return sprintf("%c", n)
    if (n < 2048) return sprintf("%c%c", 192 + int(n / 64), 128 + n % 64)
    return sprintf("%c%c%c", 224 + int(n / 4096), 128 + int(n / 64) % 64, 128 + n % 64)
}

# Brings the next token of a flow value to the front of flow_text, over the ends of lines.
function advance() {
    for (;;) {
        sub(/^[ \t]+/, "", flow_text)
        if (flow_text != "" && flow_text !~ /^#/) return 1
        if (at >= lines) { fail("brackets that do not close"); return 0 }
        flow_text = line[++at]
    }
}

function flow(path,    close_with, count, key, first) {
    if (failed || !advance()) return
    first = substr(flow_text, 1, 1)
    if (first != "{" && first != "[") { emit(path, scalar()); return }
    close_with = first == "{" ? "}" : "]"
    flow_text = substr(flow_text, 2)
    for (count = 0; advance(); count++) {
        if (substr(flow_text, 1, 1) == close_with) break
        if (first == "{") {
            key = scalar()
            if (failed || !advance()) return
            if (flow_text !~ /^:/) { fail("a key without a value"); return }
            flow_text = substr(flow_text, 2)
        } else key = count
        flow(under(path, key))
        if (failed || !advance()) return
        if (flow_text ~ /^,/) flow_text = substr(flow_text, 2)
        else if (substr(flow_text, 1, 1) != close_with) { fail("a comma is missing"); return }
    }
    if (failed) return
    if (!count) emit(path, "")
    flow_text = substr(flow_text, 2)
}

# Takes one scalar from the front of flow_text.
function scalar(    end, text) {
    if (flow_text ~ /^["']/) {
        end = closing(flow_text)
        if (!end) { fail("a string without its end"); return "" }
        text = unquote(substr(flow_text, 1, end))
        flow_text = substr(flow_text, end + 1)
        return text
    }
    if (flow_text ~ /^[&*!>%@`|]/) { fail("this tiny reader does not know"); return "" }
    if (match(flow_text, /: |[],}]|:$| #/)) end = RSTART - 1
    else end = length(flow_text)
    text = substr(flow_text, 1, end)
    flow_text = substr(flow_text, end + 1)
    sub(/[ \t]+$/, "", text)
    return text
}
