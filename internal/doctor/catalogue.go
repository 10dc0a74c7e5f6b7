package doctor

import "slices"

// Catalogue returns all checks in causal order: what an earlier one finds wrong
// may be the cause of what a later one finds.
func Catalogue() []Check {
	return slices.Concat(
		settingsChecks(),
		networkChecks(),
		providerChecks(),
		storageChecks(),
		tokenChecks(),
		apiChecks(),
	)
}

// Find returns the check called id.
func Find(id string) (Check, bool) {
	checks := Catalogue()
	i := slices.IndexFunc(checks, func(c Check) bool { return c.ID == id })
	if i < 0 {
		return Check{}, false
	}
	return checks[i], true
}
