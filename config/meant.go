package config

import "strings"

// meant is the key of a section that an unknown name was perhaps meant to be; "" if none is near.
func (k key) meant(name string) string {
	best, least := "", 3
	for _, child := range k.below() {
		known := child.path[strings.LastIndex(child.path, ".")+1:]
		if d := distance(strings.ToLower(name), strings.ToLower(known)); d < least && d < len(known)/2 {
			best, least = known, d
		}
	}
	return best
}

// distance is how many letters have to be added, left out or changed (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := before
			if a[i] != b[j] {
				changed++
			}
			before = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
