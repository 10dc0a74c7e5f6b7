package cli

import (
	"errors"
	"strconv"
)

const defaultRetries = 3

// retries is the value of --max-retries.
type retries int

func newRetries(target *int) *retries {
	*target = defaultRetries
	return (*retries)(target)
}

// String implements pflag.Value.
func (r *retries) String() string { return strconv.Itoa(int(*r)) }

// Set implements pflag.Value.
func (r *retries) Set(text string) error {
	count, err := strconv.Atoi(text)
	if err != nil || count < 0 || count > 100 {
		return errors.New("must be a number from 0 to 100")
	}
	*r = retries(count)
	return nil
}

// Type implements pflag.Value.
func (r *retries) Type() string { return "int" }
