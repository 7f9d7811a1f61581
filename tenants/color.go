package tenants

// ValidColor reports whether text is a colour as #rrggbb, and nothing else.
func ValidColor(text string) bool {
	if len(text) != 7 || text[0] != '#' {
		return false
	}
	for i := 1; i < len(text); i++ {
		c := text[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}
