package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/appsyncctl/appsyncctl/internal/atomicfile"
	"github.com/appsyncctl/appsyncctl/internal/filelock"
)

// SaveProfile puts settings into the file at path under name, replacing the
// settings of that profile and nothing else: comments, other profiles and their
// order stay. The file is replaced at once, and two writers take turns: one waits until
// ctx ends.
func SaveProfile(ctx context.Context, path, name string, settings ProfileSettings) error {
	if err := CheckProfileName(name); err != nil {
		return err
	}
	return edit(ctx, path, func(root *yaml.Node) error {
		profiles := child(root, "profiles")
		profile := child(profiles, name)
		var values yaml.Node
		if err := values.Encode(settings); err != nil {
			return err
		}
		for _, key := range describedKeys() {
			set(profile, key, lookup(&values, key))
		}
		return nil
	})
}

// UseProfile makes name the profile that is used when nobody names one. The
// error is an *UnknownProfileError if there is no such profile.
func UseProfile(ctx context.Context, path, name string) error {
	return editKnown(ctx, path, name, func(root *yaml.Node) {
		set(root, "current", scalar(name))
	})
}

// DeleteProfile takes a profile out of the file. The error is an
// *UnknownProfileError if there is no such profile.
func DeleteProfile(ctx context.Context, path, name string) error {
	return editKnown(ctx, path, name, func(root *yaml.Node) {
		set(lookup(root, "profiles"), name, nil)
		if current := lookup(root, "current"); current != nil && current.Value == name {
			set(root, "current", nil)
		}
	})
}

func editKnown(ctx context.Context, path, name string, change func(root *yaml.Node)) error {
	return edit(ctx, path, func(root *yaml.Node) error {
		file, err := ReadProfiles(path)
		if err != nil {
			return err
		}
		if _, known := file.Profiles[name]; !known {
			return file.unknown(name)
		}
		change(root)
		return nil
	})
}

func describedKeys() []string {
	var keys []string
	for _, setting := range Settings() {
		if setting.Profile {
			keys = append(keys, string(setting.Name))
		}
	}
	return keys
}

func edit(ctx context.Context, path string, change func(root *yaml.Node) error) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // people link to the files that they share between machines
	}
	unlock, err := lock(ctx, path)
	if err != nil {
		return err
	}
	defer unlock()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return &FileError{path, err}
	}
	var text bytes.Buffer
	if document.Kind == 0 { // an empty or missing file; what it has is comments
		document = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{mapping()}}
		text.Write(data)
		if len(data) > 0 && !bytes.HasSuffix(data, []byte("\n")) {
			text.WriteByte('\n')
		}
	}
	root := document.Content[0]
	if root.Tag == "!!null" { // a document without content
		root.Kind, root.Tag, root.Value = yaml.MappingNode, "!!map", ""
	}
	if root.Kind != yaml.MappingNode {
		return &FileError{path, fmt.Errorf("line %d: not a mapping", root.Line)}
	}
	if err := change(root); err != nil {
		return err
	}
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(&document); err != nil {
		return err
	}
	// A change may have cut an anchor that another line refers to.
	if err := yaml.Unmarshal(text.Bytes(), new(ProfileFile)); err != nil {
		return &FileError{path, fmt.Errorf("the change would break the file: %w", err)}
	}
	return atomicfile.Write(path, text.Bytes())
}

// lockTimeout is far longer than a writer needs, who only writes a small file.
const lockTimeout = time.Minute

// lock waits for another writer to end. Where the file system has no locks, the write
// is still whole; only one of two at the same moment may be lost.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	path += ".lock"
	unlock, err = filelock.Take(ctx, path, lockTimeout)
	switch {
	case err == nil:
		return unlock, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, filelock.ErrHeld):
		return nil, fmt.Errorf("another process has held the lock %s for %s", path, lockTimeout)
	default: // no locks, or no folder: the write itself says why
		return func() {}, nil
	}
}

// scalar is a text, quoted where it reads as something else, such as null.
func scalar(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

func mapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"} }

// child returns the mapping under key, made when there is none.
func child(parent *yaml.Node, key string) *yaml.Node {
	if node := lookup(parent, key); node != nil && node.Kind == yaml.MappingNode {
		return node
	}
	node := mapping()
	set(parent, key, node)
	return node
}

func lookup(parent *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(parent.Content); i += 2 {
		if parent.Content[i].Value == key {
			return parent.Content[i+1]
		}
	}
	return nil
}

// set puts value under key, keeping the comment of a value that it replaces; a
// nil value removes the key.
func set(parent *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(parent.Content); i += 2 {
		if parent.Content[i].Value != key {
			continue
		}
		if value == nil {
			parent.Content = slices.Delete(parent.Content, i, i+2)
			return
		}
		value.LineComment = parent.Content[i+1].LineComment
		parent.Content[i+1] = value
		return
	}
	if value != nil {
		parent.Content = append(parent.Content, scalar(key), value)
	}
}
