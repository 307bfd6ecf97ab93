package main

import "sort"

// firstAgentStatus is what the agent says while it runs a hook.
const firstAgentStatus = "executing"

// storedLife is the life of storage that a charm adds: nobody asks.
const storedLife = ""

// modelMore is empty: nothing but the hook context asks here.
type modelMore struct{}

// relationMore is what the agent itself knows of a relation.
type relationMore struct {
	// Members are the units that this unit has joined. Default: all of Units.
	Members []string `json:"members"`
}

// more fills in defaults after a model was set.
func (r *Relation) more() {
	if r.Members == nil {
		r.Members = []string{}
		for name := range r.Units {
			r.Members = append(r.Members, name)
		}
	}
	sort.Strings(r.Members)
}

// appWritten is of interest to watchers only.
func (r *Relation) appWritten() {}

// more fills in defaults after a model was set.
func (m *Model) more(func(*string, string)) {}

// mayBegin says why an action cannot begin.
func (a *ActionRun) mayBegin() error { return nil }
