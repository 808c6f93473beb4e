package config

import (
	"regexp/syntax"
	"slices"
	"strconv"
	"unicode"
)

// mayBeEmpty tells whether the replacement of a whole name can be empty: it has nothing but groups, and each may be empty or not
// take part.
func mayBeEmpty(rename Rename) bool {
	if expansion.ReplaceAllString(rename.To, "") != "" {
		return false
	}
	tree, err := syntax.Parse(rename.From.String(), syntax.Perl)
	if err != nil {
		return false
	}
	names := rename.From.SubexpNames()
	for _, found := range expansion.FindAllStringSubmatch(rename.To, -1) {
		number, err := strconv.Atoi(found[1] + found[2])
		if err != nil {
			number = slices.Index(names, found[1]+found[2])
		}
		if found[0] == "$$" || captures(tree, number) {
			return false
		}
	}
	return true
}

// captures tells whether a match of the pattern surely gives the group something.
func captures(tree *syntax.Regexp, group int) bool {
	if group == 0 {
		return !matchesEmpty(tree)
	}
	switch tree.Op {
	case syntax.OpCapture:
		if tree.Cap == group {
			return !matchesEmpty(tree.Sub[0])
		}
		return captures(tree.Sub[0], group)
	case syntax.OpConcat:
		return slices.ContainsFunc(tree.Sub, func(sub *syntax.Regexp) bool { return captures(sub, group) })
	case syntax.OpPlus:
		return captures(tree.Sub[0], group)
	case syntax.OpRepeat:
		return tree.Min > 0 && captures(tree.Sub[0], group)
	}
	return false
}

// matchesEmpty tells whether the pattern can match without taking a character.
func matchesEmpty(tree *syntax.Regexp) bool {
	switch tree.Op {
	case syntax.OpLiteral:
		return len(tree.Rune) == 0
	case syntax.OpNoMatch, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return false
	case syntax.OpCapture, syntax.OpPlus:
		return matchesEmpty(tree.Sub[0])
	case syntax.OpRepeat:
		return tree.Min == 0 || matchesEmpty(tree.Sub[0])
	case syntax.OpConcat:
		return !slices.ContainsFunc(tree.Sub, func(sub *syntax.Regexp) bool { return !matchesEmpty(sub) })
	case syntax.OpAlternate:
		return slices.ContainsFunc(tree.Sub, matchesEmpty)
	}
	return true
}

// step is where a search for a match stands: before an instruction, behind one kind of character and before another.
type step struct {
	pc           uint32
	behind, next kind
}

// kind is what assertions ask of a character.
type kind int

const (
	edge kind = iota // there is none: the beginning or the end of the name
	line             // the end of a line
	word
	other
	kinds
)

// neverMatches tells whether no name matches the pattern. It goes through all instructions with every kind of character before
// and behind them, so an answer of true is certain.
func neverMatches(pattern string) bool {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return false
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return false
	}
	seen, todo := map[step]bool{}, []step{}
	visit := func(one step) {
		if !seen[one] {
			seen[one] = true
			todo = append(todo, one)
		}
	}
	for behind := range kinds {
		for next := range kinds {
			visit(step{uint32(program.Start), behind, next})
		}
	}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if program.Inst[at.pc].Op == syntax.InstMatch {
			return false
		}
		for _, next := range at.on(program.Inst[at.pc]) {
			visit(next)
		}
	}
	return true
}

// on is where the instruction at a step can lead to.
func (s step) on(instruction syntax.Inst) (to []step) {
	switch instruction.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		return []step{{instruction.Out, s.behind, s.next}, {instruction.Arg, s.behind, s.next}}
	case syntax.InstCapture, syntax.InstNop:
		return []step{{instruction.Out, s.behind, s.next}}
	case syntax.InstEmptyWidth:
		if wants := syntax.EmptyOp(instruction.Arg); syntax.EmptyOpContext(samples[s.behind], samples[s.next])&wants == wants {
			return []step{{instruction.Out, s.behind, s.next}}
		}
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		for next := range kinds {
			if takes(instruction, s.next) {
				to = append(to, step{instruction.Out, s.next, next})
			}
		}
	case syntax.InstMatch, syntax.InstFail:
	}
	return to
}

// samples are a character of each kind; -1 is none.
var samples = [kinds]rune{-1, '\n', 'a', '-'}

// takes tells whether the instruction may take a character of a kind; in doubt it says yes.
func takes(instruction syntax.Inst, of kind) bool {
	switch {
	case of == edge || len(instruction.Rune) == 0 && instruction.Op == syntax.InstRune:
		return false
	case instruction.Op == syntax.InstRuneAny || instruction.Op == syntax.InstRuneAnyNotNL:
		return of != line || instruction.Op == syntax.InstRuneAny
	case of == line:
		return instruction.MatchRune('\n')
	case of == other && len(instruction.Rune) == 1:
		return !syntax.IsWordChar(instruction.Rune[0])
	case of == word:
		for c := rune(0); c < unicode.MaxASCII; c++ {
			if syntax.IsWordChar(c) && instruction.MatchRune(c) {
				return true
			}
		}
		return false
	}
	return true
}
