//go:build linux

// A Secret Service that misbehaves, on a private bus: go-keyring itself is put
// before prompts that nobody answers, silence, and answers of unexpected types.
// The interface is https://specifications.freedesktop.org/secret-service/.

package tokencache_test

import (
	"fmt"
	"maps"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
)

const (
	servicePath    = dbus.ObjectPath("/org/freedesktop/secrets")
	collectionPath = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	promptPath     = dbus.ObjectPath("/org/freedesktop/secrets/prompt/p1")
	noPath         = dbus.ObjectPath("/")
)

// A manner is how the service behaves; the zero value is as it should.
type manner struct {
	silent    bool   // no answer to anything
	locked    bool   // the collection is, and unlocking takes a prompt
	prompt    string // what becomes of prompts: "answered", "dismissed", "ignored"
	askToSave bool   // saving and deleting take a prompt too
	limit     int    // of a secret, in bytes; 0: none
	oddTypes  bool   // the list of collections is a text
}

// secretService is one collection.
type secretService struct {
	manner
	bus  *dbus.Conn
	stop chan struct{}

	mu    sync.Mutex
	items map[dbus.ObjectPath]*secretItem
	count int
	do    func() // what the next answered prompt brings about
}

type secretItem struct {
	service    *secretService
	path       dbus.ObjectPath
	attributes map[string]string
	secret     secret
}

type secret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

// serveSecrets puts the service on the session's bus until the test ends.
func serveSecrets(t *testing.T, s *session, m manner) *secretService {
	t.Helper()
	bus, err := dbus.Connect(s.address)
	if err != nil {
		t.Fatal(err)
	}
	service := &secretService{manner: m, bus: bus, stop: make(chan struct{}), items: make(map[dbus.ObjectPath]*secretItem)}
	t.Cleanup(func() {
		close(service.stop)
		_ = bus.Close()
	})
	for _, export := range []error{
		bus.Export(service, servicePath, "org.freedesktop.Secret.Service"),
		bus.Export(properties{service}, servicePath, "org.freedesktop.DBus.Properties"),
		bus.Export(collection{service}, collectionPath, "org.freedesktop.Secret.Collection"),
		bus.Export(prompt{service}, promptPath, "org.freedesktop.Secret.Prompt"),
		bus.Export(secretSession{}, servicePath+"/session/s1", "org.freedesktop.Secret.Session"),
	} {
		if export != nil {
			t.Fatal(export)
		}
	}
	reply, err := bus.RequestName("org.freedesktop.secrets", dbus.NameFlagDoNotQueue)
	if err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("the name on the bus: %v, %v", reply, err)
	}
	return service
}

// wait keeps a silent service from answering.
func (s *secretService) wait() {
	if s.silent {
		<-s.stop
	}
}

// ask returns the path of a prompt that brings do about, or does it at once when
// there is nothing to ask.
func (s *secretService) ask(needed bool, do func()) dbus.ObjectPath {
	if !needed {
		do()
		return noPath
	}
	s.do = do
	return promptPath
}

func (s *secretService) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	s.wait()
	return dbus.MakeVariant(""), servicePath + "/session/s1", nil
}

func (s *secretService) Unlock(paths []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	s.wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.locked {
		return []dbus.ObjectPath{}, s.ask(true, func() { s.locked = false }), nil
	}
	return paths, noPath, nil
}

func (s *secretService) ReadAlias(string) (dbus.ObjectPath, *dbus.Error) {
	s.wait()
	return collectionPath, nil
}

type properties struct{ *secretService }

func (p properties) Get(_, name string) (dbus.Variant, *dbus.Error) {
	p.wait()
	if p.oddTypes {
		return dbus.MakeVariant("none"), nil
	}
	return dbus.MakeVariant([]dbus.ObjectPath{collectionPath}), nil
}

type secretSession struct{}

func (secretSession) Close() *dbus.Error { return nil }

type prompt struct{ *secretService }

func (p prompt) Prompt(string) *dbus.Error {
	if p.prompt == "ignored" {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	result := []dbus.ObjectPath{}
	if p.prompt == "answered" {
		p.do()
		result = append(result, collectionPath)
	}
	err := p.bus.Emit(promptPath, "org.freedesktop.Secret.Prompt.Completed", p.prompt == "dismissed", dbus.MakeVariant(result))
	if err != nil {
		return dbus.MakeFailedError(err)
	}
	return nil
}

type collection struct{ *secretService }

func (c collection) SearchItems(attributes map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
	c.wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	found := []dbus.ObjectPath{}
	for path, item := range c.items {
		if maps.Equal(item.attributes, attributes) {
			found = append(found, path)
		}
	}
	return found, nil
}

func (c collection) CreateItem(properties map[string]dbus.Variant, value secret, _ bool) (dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	c.wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limit > 0 && len(value.Value) > c.limit {
		return noPath, noPath, dbus.NewError("org.freedesktop.DBus.Error.LimitsExceeded", []any{"too large"})
	}
	attributes, _ := properties["org.freedesktop.Secret.Item.Attributes"].Value().(map[string]string)
	c.count++
	item := &secretItem{
		service:    c.secretService,
		path:       dbus.ObjectPath(fmt.Sprintf("%s/i%d", collectionPath, c.count)),
		attributes: attributes,
		secret:     value,
	}
	if err := c.bus.Export(item, item.path, "org.freedesktop.Secret.Item"); err != nil {
		return noPath, noPath, dbus.MakeFailedError(err)
	}
	prompt := c.ask(c.askToSave, func() { c.items[item.path] = item })
	return item.path, prompt, nil
}

func (i *secretItem) GetSecret(session dbus.ObjectPath) (secret, *dbus.Error) {
	i.service.wait()
	answer := i.secret
	answer.Session = session
	return answer, nil
}

func (i *secretItem) Delete() (dbus.ObjectPath, *dbus.Error) {
	i.service.wait()
	i.service.mu.Lock()
	defer i.service.mu.Unlock()
	return i.service.ask(i.service.askToSave, func() { delete(i.service.items, i.path) }), nil
}

func TestSecretService(t *testing.T) {
	const (
		all    = "get key;set key a 6144;get key;delete key;get key;probe"
		notice = "notice: waiting for the keyring to be unlocked (Ctrl-C to cancel)"
		late   = "locked: keyring not accessible: no answer within 500ms…"
		open   = "locked: keyring not accessible: an earlier question is still without an answer"
	)
	tests := []struct {
		name   string
		manner manner
		limit  string
		task   string
		want   []string
		items  int // left at the end
	}{
		{"as it should be", manner{}, patience, all, []string{"missing", "ok", "ok a*6144", "ok", "missing", "ok"}, 0},
		{"2,500 bytes an item", manner{limit: 2500}, patience, all, []string{"missing", "ok", "ok a*6144", "ok", "missing", "ok"}, 0},
		{"prompt answered", manner{locked: true, prompt: "answered"}, patience, all, []string{"missing", "ok", "ok a*6144", "ok", "missing", "ok"}, 0},
		{"asks for everything", manner{askToSave: true, prompt: "answered"}, patience, all, []string{"missing", "ok", "ok a*6144", "ok", "missing", "ok"}, 0},
		{"silent", manner{silent: true}, "500ms", "get key;set key a 10;delete key;probe", []string{notice, late, open, open, open}, 0},
		{"prompt ignored on reading", manner{locked: true, prompt: "ignored"}, "500ms", "get key", []string{notice, late}, 0},
		{"prompt ignored on writing", manner{askToSave: true, prompt: "ignored"}, "500ms", "set key a 10", []string{notice, late}, 0},
		{"prompt ignored on probing", manner{askToSave: true, prompt: "ignored"}, "500ms", "probe;get key", []string{notice, late, open}, 0},
		{"prompt to unlock dismissed", manner{locked: true, prompt: "dismissed"}, patience, "get key;set key a 10;delete key;probe", []string{"locked: …", "locked: …", "locked: …", "locked: …"}, 0},
		{"prompt to save dismissed", manner{askToSave: true, prompt: "dismissed"}, patience, "set key a 10;probe;get key", []string{"locked: keyring not accessible: it stored nothing…", "locked: …", "missing"}, 0},
		{"too large a value", manner{limit: 1000}, patience, "set key a 500;set key b 6144;get key", []string{"ok", "other: keyring: too large", "ok a*500"}, 2 /* and what the next writer of b clears up */},
		{"odd types", manner{oddTypes: true}, patience, "get key;set key a 10;delete key;probe", []string{"unavailable: keyring unavailable: its service gives answers that make no sense…", "unavailable: …", "unavailable: …", "unavailable: …"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			s.limit = tt.limit
			service := serveSecrets(t, s, tt.manner)
			wantLines(t, s.run(t, tt.task), tt.want...)
			service.mu.Lock()
			defer service.mu.Unlock()
			if got := len(service.items); got != tt.items {
				t.Errorf("got %d items at the end, want %d", got, tt.items)
			}
		})
	}
}

// The service ends between two commands; its token is not lost by that.
func TestSecretServiceComesAndGoes(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	service := serveSecrets(t, s, manner{})
	wantLines(t, s.run(t, "set key a 6144"), "ok")
	if _, err := service.bus.ReleaseName("org.freedesktop.secrets"); err != nil {
		t.Fatal(err)
	}
	wantLines(t, s.run(t, "get key"), "unavailable: …")
	if _, err := service.bus.RequestName("org.freedesktop.secrets", 0); err != nil {
		t.Fatal(err)
	}
	wantLines(t, s.run(t, "get key"), "ok a*6144")
}
