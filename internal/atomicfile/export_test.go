package atomicfile

import "os"

// WriteSynced is Write on a disk to which sync brings the data.
func WriteSynced(name string, data []byte, sync func(*os.File) error) error {
	return write(name, data, 0o600, 0o700, sync)
}
