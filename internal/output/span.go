package output

import (
	"fmt"
	"math"
	"time"
)

// Span says a duration as a person would, in its two largest units.
func Span(d time.Duration) string {
	switch {
	case d.Round(time.Second) < time.Minute:
		return fmt.Sprintf("%d s", int(d.Round(time.Second).Seconds()))
	case d.Round(time.Minute) < time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	}
	minutes := int(d.Round(time.Minute).Minutes())
	hours, minutes := minutes/60, minutes%60
	switch {
	case hours >= 48:
		return fmt.Sprintf("%d days", hours/24)
	case minutes == 0:
		return fmt.Sprintf("%d h", hours)
	default:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	}
}

// Milliseconds is a duration as documents have it, to a tenth.
func Milliseconds(d time.Duration) float64 { return math.Round(d.Seconds()*1e4) / 10 }
