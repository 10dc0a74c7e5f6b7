package appsync

import "encoding/json"

// MatchOf turns a filter into arguments of a subscription, which know equality
// only. Other operators are an error.
func MatchOf(filter *TableCustomerFilterInput) (Match, error) {
	var match Match
	if filter == nil {
		return match, nil
	}
	match.ID = eq((*TableStringFilterInput)(filter.Id))
	match.Name, match.City = eq(filter.Name), eq(filter.City)
	match.State, match.Country = eq(filter.State), eq(filter.Country)
	asked, err := json.Marshal(filter)
	if err != nil {
		return match, err
	}
	if taken, err := json.Marshal(match.Filter()); err != nil || string(taken) != string(asked) {
		return match, filterErrorf("a subscription compares by = only, each field once")
	}
	return match, nil
}

func eq(conditions *TableStringFilterInput) *string {
	if conditions == nil {
		return nil
	}
	return conditions.Eq
}

// Filter is the way back from MatchOf; nil without a condition.
func (m Match) Filter() *TableCustomerFilterInput {
	if m == (Match{}) {
		return nil
	}
	equals := func(value *string) *TableStringFilterInput {
		if value == nil {
			return nil
		}
		return &TableStringFilterInput{Eq: value}
	}
	return &TableCustomerFilterInput{
		Id: (*TableIDFilterInput)(equals(m.ID)), Name: equals(m.Name), City: equals(m.City),
		State: equals(m.State), Country: equals(m.Country),
	}
}

// Passes reports whether a customer has the values.
func (m Match) Passes(c *Customer) bool {
	same := func(want, have *string) bool { return want == nil || have != nil && *have == *want }
	return same(m.ID, &c.Id) && same(m.Name, c.Name) && same(m.City, c.City) && same(m.State, c.State) && same(m.Country, c.Country)
}
