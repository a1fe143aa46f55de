#!/bin/sh
# Prints the types that the sources define, for pgindent: typedefs.list.
#
#   tools/typedefs.sh > typedefs.list
set -eu
cd "$(dirname "$0")/.."
find src test/unit test/fuzz -name '*.[ch]' | sort | xargs cat |
	LC_ALL=C perl -0777 -ne '
		s{/\*.*?\*/}{}gs;
		while (/\btypedef\s+(?:struct|enum|union)\s+\w*\s*(\{(?:[^{}]|(?1))*\})\s*(\w+)\s*;/g) { print "$2\n" }
		while (/\btypedef\s+(?:struct|enum|union)\s+\w+\s+\**(\w+)\s*;/g) { print "$1\n" }
		while (/\btypedef\s+[\w\s\*]+?\(\s*\*\s*(\w+)\s*\)\s*\(/g) { print "$1\n" }
		while (/\btypedef\s+(?!struct|enum|union)[\w\s]+?[\s\*](\w+)\s*(?:\[[^\]]*\]\s*)*;/g) { print "$1\n" }' |
	LC_ALL=C sort -u
