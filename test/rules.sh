# Shared by scripts that check rules: to be sourced, by any POSIX shell.
#
#   {
#   	findings | rule "what nobody does"
#   } | tap

# rule NAME: reads findings from stdin; none is good.
rule() {
	awk -v name="$1" '
		{ finding[NR] = $0 }
		END {
			print (NR ? "not ok" : "ok"), "-", name
			for (i = 1; i <= NR; i++) print "#   " finding[i]
		}'
}

# Numbers what rules say; the status tells whether all are kept.
tap() {
	awk '
		/^(not )?ok - / { n++; sub(/ok - /, "ok " n " - ") }
		/^not ok / { failed++ }
		{ print }
		END { print "1.." n + 0; exit failed > 0 || n == 0 }'
}
