package appsync

import (
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

// customerFilter is TableCustomerFilterInput. Everything in it must hold.
type customerFilter struct {
	ID, Name, City, State, Country *stringFilter
}

// stringFilter is TableStringFilterInput and TableIDFilterInput.
type stringFilter struct {
	Ne, Eq, Le, Lt, Ge, Gt, Contains, NotContains, BeginsWith argument

	Between *[]*string
}

// operand is what a comparison looks at: an attribute may be missing, NULL or text.
type operand struct {
	present bool
	value   *string
}

func (f *customerFilter) match(item store.Item) bool {
	for name, filter := range f.all() {
		subject := operand{present: true, value: &item.ID}
		if name != "id" {
			subject.value, subject.present = item.Attributes[name]
		}
		if filter != nil && !filter.match(subject) {
			return false
		}
	}
	return true
}

func (f *customerFilter) all() map[string]*stringFilter {
	return map[string]*stringFilter{"id": f.ID, "name": f.Name, "city": f.City, "state": f.State, "country": f.Country}
}

// check refuses what DynamoDB refuses before it reads an item.
func (f *customerFilter) check() error {
	conditions := 0
	for _, filter := range f.all() {
		if filter == nil {
			continue
		}
		n, err := filter.check()
		if err != nil {
			return err
		}
		conditions += n
	}
	if conditions == 0 {
		return filterFailure("The expression can not be empty;")
	}
	return nil
}

// check returns how many conditions the filter has.
func (f *stringFilter) check() (int, error) {
	conditions := 0
	for _, o := range []struct {
		symbol   string
		argument argument
		takesAny bool // DynamoDB orders only texts, numbers and bytes
	}{
		{"=", f.Eq, true}, {"<>", f.Ne, true}, {"contains", f.Contains, true}, {"contains", f.NotContains, true},
		{"<", f.Lt, false}, {"<=", f.Le, false}, {">", f.Gt, false}, {">=", f.Ge, false},
		{"begins_with", f.BeginsWith, false},
	} {
		if !o.argument.Set {
			continue
		}
		conditions++
		if o.argument.Value == nil && !o.takesAny {
			return 0, filterFailure("Incorrect operand type for operator or function; operator or function: " + o.symbol + ", operand type: NULL")
		}
	}
	if f.Between == nil {
		return conditions, nil
	}
	bounds := *f.Between
	if len(bounds) != 2 { // the words are not confirmed
		return 0, filterFailure("The BETWEEN operator requires exactly two operands")
	}
	lower, upper := bounds[0], bounds[1]
	operands := "; lower bound operand: " + attributeValue(lower) + ", upper bound operand: " + attributeValue(upper)
	switch {
	case lower == nil && upper == nil:
		return 0, filterFailure("Incorrect operand type for operator or function; operator or function: BETWEEN, operand type: NULL")
	case lower == nil || upper == nil:
		return 0, filterFailure("The BETWEEN operator requires same data type for lower and upper bounds" + operands)
	case *lower > *upper:
		return 0, filterFailure("The BETWEEN operator requires upper bound to be greater than or equal to lower bound" + operands)
	}
	return conditions + 1, nil
}

// attributeValue writes an operand as DynamoDB's complaints do.
func attributeValue(text *string) string {
	if text == nil {
		return "AttributeValue: {NULL:true}"
	}
	return "AttributeValue: {S:" + *text + "}"
}

// match compares as DynamoDB does: texts by their UTF-8 bytes, case counting; an
// attribute that is missing or of another type satisfies only the negations.
func (f *stringFilter) match(s operand) bool {
	compare := func(a argument, holds func(have, want string) bool) bool {
		return !a.Set || s.value != nil && a.Value != nil && holds(*s.value, *a.Value)
	}
	contains := strings.Contains
	return (!f.Eq.Set || s.equals(f.Eq.Value)) &&
		(!f.Ne.Set || !s.equals(f.Ne.Value)) &&
		compare(f.Lt, func(have, want string) bool { return have < want }) &&
		compare(f.Le, func(have, want string) bool { return have <= want }) &&
		compare(f.Gt, func(have, want string) bool { return have > want }) &&
		compare(f.Ge, func(have, want string) bool { return have >= want }) &&
		compare(f.Contains, contains) &&
		(!f.NotContains.Set || !compare(f.NotContains, contains)) &&
		compare(f.BeginsWith, strings.HasPrefix) &&
		(f.Between == nil || s.value != nil && *(*f.Between)[0] <= *s.value && *s.value <= *(*f.Between)[1])
}

// equals tells NULL from a missing attribute, which equals nothing.
func (s operand) equals(want *string) bool {
	return s.present && store.Equal(s.value, want)
}

func filterFailure(reason string) error {
	return tableFailure("DynamoDB:DynamoDbException", "Invalid FilterExpression: "+reason)
}
