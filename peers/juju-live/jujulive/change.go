package main

import (
	"encoding/json"
	"time"

	"github.com/juju/errors"
)

// Change is one change to the world. Any number of fields may be set; they
// are applied in the order of the fields.
type Change struct {
	Config         map[string]any    `json:"config"`
	Trust          *bool             `json:"trust"`
	Leader         *bool             `json:"leader"`
	LeaderSettings map[string]string `json:"leader_settings"`
	Address        *string           `json:"address"`
	Relation       *RelationChange   `json:"relation"`
	Secret         *SecretChange     `json:"secret"`
	Storage        *StorageChange    `json:"storage"`
	Action         *ActionChange     `json:"action"`
	Charm          *CharmChange      `json:"charm"`
	Unit           string            `json:"unit"` // life
	App            string            `json:"app"`  // life
	Resolved       *string           `json:"resolved"`
	UpdateStatus   bool              `json:"update_status"`
	Pebble         *PebbleChange     `json:"pebble"`
}

// RelationChange creates or changes a relation. Bags are merged, empty values
// delete; a null unit departs.
type RelationChange struct {
	ID           int                           `json:"id"`
	Endpoint     string                        `json:"endpoint"`
	Role         string                        `json:"role"`
	Interface    string                        `json:"interface"`
	RemoteApp    string                        `json:"remote_app"`
	Units        map[string]*map[string]string `json:"units"`
	RemoteAppBag map[string]string             `json:"remote_app_bag"`
	LocalAppBag  map[string]string             `json:"local_app_bag"` // peer: written by the leader
	Life         string                        `json:"life"`
	Suspended    *bool                         `json:"suspended"`
	Removed      bool                          `json:"removed"`
}

// SecretChange creates or changes a secret.
type SecretChange struct {
	ID          string            `json:"id"`
	Owner       string            `json:"owner"`
	Label       string            `json:"label"`
	Rotate      string            `json:"rotate"`
	RotateIn    *int              `json:"rotate_in_s"`
	ExpireIn    *int              `json:"expire_in_s"`
	Grant       string            `json:"grant"`
	Revoke      string            `json:"revoke"`
	NewRevision map[string]string `json:"new_revision"`
	// Track makes the consumer of that name track the given revision.
	Track map[string]int `json:"track"`
	// RemoveRevisions removes single revisions, Removed the whole secret.
	RemoveRevisions []int `json:"remove_revisions"`
	Removed         bool  `json:"removed"`
}

// StorageChange creates or changes a storage attachment.
type StorageChange struct {
	ID            string `json:"id"`
	Life          string `json:"life"`
	Location      string `json:"location"`
	Unprovisioned *bool  `json:"unprovisioned"`
	Removed       bool   `json:"removed"`
}

// ActionChange enqueues an action, or cancels it.
type ActionChange struct {
	ID       string         `json:"id"`
	Name     string         `json:"name"`
	Params   map[string]any `json:"params"`
	Parallel bool           `json:"parallel"`
	Cancel   bool           `json:"cancel"`
}

// CharmChange is a refresh, or with only Modified set an attached resource.
type CharmChange struct {
	URL   string `json:"url"`
	Dir   string `json:"dir"`
	Force bool   `json:"force"`
}

// change applies changes. Those to the controller's model are seen by the
// agent all at once; the others follow.
func (w *world) change(raw []json.RawMessage) error {
	list := make([]Change, len(raw))
	for i := range raw {
		if err := decode(raw[i], &list[i]); err != nil {
			return err
		}
	}
	w.ctrl.mu.Lock()
	err := func() error {
		for _, ch := range list {
			if err := w.ctrl.apply(ch); err != nil {
				return err
			}
		}
		return nil
	}()
	leader := w.ctrl.model.Leader
	w.ctrl.cond.Broadcast()
	w.ctrl.mu.Unlock()
	if err != nil {
		return err
	}
	for _, ch := range list {
		if ch.Leader != nil {
			w.lead.set(leader)
		}
		if ch.Pebble != nil {
			if err := w.pebbles.apply(*ch.Pebble); err != nil {
				return err
			}
		}
		if ch.UpdateStatus {
			select {
			case w.ticks <- w.clock.Now():
			case <-time.After(5 * time.Second):
				return errors.New("nobody waits for the update-status timer")
			}
		}
	}
	w.rec.touch()
	return nil
}

func (c *controller) apply(ch Change) error {
	m := c.model
	for k, v := range ch.Config {
		if m.Config == nil {
			m.Config = map[string]any{}
		}
		if v == nil {
			delete(m.Config, k)
		} else {
			m.Config[k] = v
		}
	}
	if ch.Trust != nil {
		m.Trust = *ch.Trust
	}
	if ch.Leader != nil {
		m.Leader = *ch.Leader
	}
	if ch.LeaderSettings != nil {
		if m.LeaderSettings == nil {
			m.LeaderSettings = map[string]string{}
		}
		mergeBag(m.LeaderSettings, ch.LeaderSettings)
	}
	if ch.Address != nil {
		m.PrivateAddress = *ch.Address
	}
	if ch.Relation != nil {
		c.applyRelation(*ch.Relation)
	}
	if ch.Secret != nil {
		c.applySecret(*ch.Secret)
	}
	if s := ch.Storage; s != nil {
		have := m.storageByID(s.ID)
		if have == nil {
			have = &Storage{ID: s.ID, Kind: "filesystem", Life: "alive"}
			m.Storage = append(m.Storage, have)
		}
		if s.Life != "" {
			have.Life = s.Life
		}
		if s.Location != "" {
			have.Location = s.Location
		}
		if s.Unprovisioned != nil {
			have.Unprovisioned = *s.Unprovisioned
		}
		if s.Removed {
			m.removeStorage(s.ID)
		}
	}
	if a := ch.Action; a != nil {
		if have := m.Actions[a.ID]; a.Cancel && have != nil {
			have.Status = map[bool]string{true: "aborting", false: "cancelled"}[have.Status == "running"]
		} else {
			m.Actions[a.ID] = &ActionRun{Name: a.Name, Params: a.Params, Status: "pending", Parallel: a.Parallel}
		}
	}
	if s := ch.Charm; s != nil {
		if s.URL != "" {
			m.CharmURL = s.URL
			m.Charms[s.URL] = s.Dir
			if s.Dir == "" {
				m.Charms[s.URL] = m.CharmDir
			}
		}
		m.ForceCharm = s.Force
		m.CharmModified++
	}
	if ch.Unit != "" {
		m.Life = ch.Unit
	}
	if ch.App != "" {
		m.AppLife = ch.App
	}
	if ch.Resolved != nil {
		m.Resolved = *ch.Resolved
	}
	return m.normalise()
}

func (c *controller) applyRelation(ch RelationChange) {
	m := c.model
	if ch.Removed {
		m.removeRelation(ch.ID)
		return
	}
	r := m.relationByID(ch.ID)
	if r == nil {
		r = &Relation{ID: ch.ID, Endpoint: ch.Endpoint, Role: ch.Role, Interface: ch.Interface, RemoteApp: ch.RemoteApp,
			Units: map[string]map[string]string{}, relationMore: relationMore{UnitVersions: map[string]int64{}},
			RemoteAppBag: map[string]string{}, LocalAppBag: map[string]string{}, LocalUnitBag: map[string]string{}}
		m.Relations = append(m.Relations, r)
	}
	for name, bag := range ch.Units {
		if bag == nil {
			delete(r.Units, name)
			delete(r.UnitVersions, name)
			continue
		}
		if _, ok := r.Units[name]; !ok {
			// Entering with settings is an entry and a write.
			r.Units[name] = map[string]string{}
			r.UnitVersions[name] = 0
		}
		if len(*bag) > 0 {
			mergeBag(r.Units[name], *bag)
			r.UnitVersions[name]++
		}
	}
	if ch.RemoteAppBag != nil {
		mergeBag(r.RemoteAppBag, ch.RemoteAppBag)
		r.AppVersion++
	}
	if ch.LocalAppBag != nil {
		mergeBag(r.LocalAppBag, ch.LocalAppBag)
		r.AppVersion++
	}
	if ch.Life != "" {
		r.Life = ch.Life
	}
	if ch.Suspended != nil {
		r.Suspended = *ch.Suspended
	}
}

func (c *controller) applySecret(ch SecretChange) {
	m := c.model
	s := m.secret(ch.ID)
	if s == nil {
		s = &Secret{ID: ch.ID, Owner: ch.Owner, Consumers: map[string]*Consumer{}}
		m.Secrets = append(m.Secrets, s)
	}
	if ch.Label != "" {
		s.Label = ch.Label
	}
	if ch.Rotate != "" {
		s.RotatePolicy = ch.Rotate
	}
	at := func(seconds *int) *time.Time {
		t := c.now().Add(time.Duration(*seconds) * time.Second)
		return &t
	}
	if ch.RotateIn != nil {
		s.NextRotate = at(ch.RotateIn)
	}
	if ch.ExpireIn != nil {
		s.Expire = at(ch.ExpireIn)
	}
	if ch.Grant != "" {
		s.Grants = append(s.Grants, Grant{Subject: ch.Grant})
	}
	if ch.Revoke != "" {
		kept := []Grant{}
		for _, g := range s.Grants {
			if g.Subject != ch.Revoke {
				kept = append(kept, g)
			}
		}
		s.Grants = kept
		// Revoking removes the consumer records of the subject.
		delete(s.Consumers, m.Unit)
	}
	if ch.NewRevision != nil {
		s.Latest++
		s.Revisions = append(s.Revisions, &Revision{Number: s.Latest, Content: ch.NewRevision})
		for _, info := range s.Consumers {
			info.Latest = s.Latest
		}
	}
	for consumer, revision := range ch.Track {
		s.Consumers[consumer] = &Consumer{Current: revision, Latest: s.Latest}
	}
	for _, n := range ch.RemoveRevisions {
		kept := []*Revision{}
		for _, r := range s.Revisions {
			if r.Number != n {
				kept = append(kept, r)
			}
		}
		s.Revisions = kept
	}
	if ch.Removed {
		left := []*Secret{}
		for _, other := range m.Secrets {
			if other != s {
				left = append(left, other)
			}
		}
		m.Secrets = left
	}
}
