package main

import (
	"github.com/juju/errors"
)

// firstAgentStatus is what a unit starts with, that has not been deployed.
const firstAgentStatus = "allocating"

// storedLife is the life of storage that a charm adds.
const storedLife = "alive"

// modelMore is what the controller knows of a unit that lives.
type modelMore struct {
	// Life of the unit and of its application.
	Life    string `json:"life,omitempty"`
	AppLife string `json:"app_life,omitempty"`
	// Resolved is "", "retry-hooks" or "no-hooks".
	Resolved   string `json:"resolved,omitempty"`
	ProviderID string `json:"provider_id,omitempty"`
	// Charms maps charm URLs to folders. CharmURL is the application's,
	// UnitCharmURL what the unit said it runs.
	Charms        map[string]string `json:"charms,omitempty"`
	CharmURL      string            `json:"charm_url,omitempty"`
	UnitCharmURL  string            `json:"unit_charm_url,omitempty"`
	ForceCharm    bool              `json:"force_charm,omitempty"`
	CharmModified int               `json:"charm_modified_version,omitempty"`
	// Saved is what the agent keeps on the controller.
	Saved SavedState `json:"saved"`

	// Containers are the workload containers of the unit.
	Containers []string `json:"containers,omitempty"`
}

// SavedState is the state that the agent persists, as the agent wrote it.
type SavedState struct {
	Uniter   string         `json:"uniter,omitempty"`
	Relation map[int]string `json:"relation,omitempty"`
	Storage  string         `json:"storage,omitempty"`
	Secret   string         `json:"secret,omitempty"`
}

// relationMore is what the watchers of a relation need.
type relationMore struct {
	// Versions of the settings of the remote units and of the remote
	// application; each write adds one.
	UnitVersions map[string]int64 `json:"unit_versions"`
	AppVersion   int64            `json:"app_version"`
	// InScope is set once the local unit has entered.
	InScope bool `json:"in_scope"`
}

// more fills in defaults after a model was set.
func (r *Relation) more() {
	if r.UnitVersions == nil {
		r.UnitVersions = map[string]int64{}
	}
	// Settings that came with the model have been written once.
	for name, bag := range r.Units {
		if _, ok := r.UnitVersions[name]; !ok {
			r.UnitVersions[name] = int64(min(len(bag), 1))
		}
	}
	if r.AppVersion == 0 && (len(r.RemoteAppBag) > 0 || r.Role == "peer" && len(r.LocalAppBag) > 0) {
		r.AppVersion = 1
	}
}

// appWritten notes a write of this unit into its application's databag.
func (r *Relation) appWritten() {
	if r.Role == "peer" {
		r.AppVersion++
	}
}

// more fills in defaults after a model was set.
func (m *Model) more(def func(*string, string)) {
	def(&m.Life, "alive")
	def(&m.AppLife, "alive")
	for _, s := range m.Storage {
		def(&s.Life, "alive")
		def(&s.Kind, "filesystem")
	}
	if m.Actions == nil {
		m.Actions = map[string]*ActionRun{}
	}
	if m.Saved.Relation == nil {
		m.Saved.Relation = map[int]string{}
	}
}

// mayBegin says why an action cannot begin. The transaction asserts "pending"
// and is tried again until it gives up.
func (a *ActionRun) mayBegin() error {
	if a.Status != "pending" {
		return errors.New("state changing too quickly; try again soon")
	}
	return nil
}

// obsolete says whether a revision is neither the latest nor tracked by any
// consumer.
func (s *Secret) obsolete(r *Revision) bool {
	if r.Number >= s.Latest {
		return false
	}
	for _, info := range s.Consumers {
		if info.Current == r.Number {
			return false
		}
	}
	return true
}

func (m *Model) storageByID(id string) *Storage {
	for _, s := range m.Storage {
		if s.ID == id {
			return s
		}
	}
	return nil
}
