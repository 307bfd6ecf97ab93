package main

import (
	"encoding/json"
	"strings"
	"sync"

	"github.com/juju/loggo"
	"gopkg.in/yaml.v2"

	"github.com/juju/juju/rpc/params"
)

// event is one entry of the record.
type event map[string]any

// recorder collects what happens, in order.
type recorder struct {
	mu     sync.Mutex
	events []event
	// happened counts all that happens.
	happened uint64
	// operations counts those that are in progress.
	operations int
	// charm is set while the charm's process runs.
	charm bool
	// running is the hook or action in progress.
	running string
}

func (r *recorder) add(e event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	r.happened++
}

// touch notes activity that is not worth a record.
func (r *recorder) touch() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.happened++
}

// operate notes that an operation begins, or with -1 that one has ended.
func (r *recorder) operate(change int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.operations += change
	r.happened++
}

func (r *recorder) setCharm(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.charm = on
}

func (r *recorder) setRunning(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running = name
	r.happened++
}

// moment is how things stand.
type moment struct {
	happened   uint64
	operations int
	running    string
}

func (r *recorder) now() moment {
	r.mu.Lock()
	defer r.mu.Unlock()
	return moment{r.happened, r.operations, r.running}
}

func (r *recorder) take() []event {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.events
	r.events = nil
	if out == nil {
		out = []event{}
	}
	return out
}

// recorded are the calls that change something. Reads and watchers are not
// kept.
var recorded = map[string]bool{
	"Uniter.BeginActions": true, "Uniter.FinishActions": true, "Uniter.EnsureDead": true, "Uniter.Destroy": true,
	"Uniter.ClearResolved": true, "Uniter.SetCharmURL": true, "Uniter.EnterScope": true, "Uniter.LeaveScope": true,
	"Uniter.SetRelationStatus": true, "Uniter.RemoveStorageAttachments": true, "Uniter.DestroyUnitStorageAttachments": true,
	"Uniter.DestroyAllSubordinates": true, "Uniter.Merge": true, "SecretsManager.SecretsRotated": true,
	"Uniter.RequestReboot": true, "Uniter.SetUpgradeSeriesUnitStatus": true, "SecretsManager.DeleteContent": true,
}

// call records one API call in a compact form.
func (r *recorder) call(name string, raw json.RawMessage, result any, err error) {
	e := compact(name, raw)
	if e == nil {
		r.touch()
		return
	}
	r.mu.Lock()
	if _, ok := e["unit_status"]; ok && r.charm {
		e["by"] = "charm"
	}
	r.mu.Unlock()
	if err != nil {
		e["error"] = err.Error()
	} else if text := firstError(result); text != "" {
		e["error"] = text
	}
	r.add(e)
}

func compact(name string, raw json.RawMessage) event {
	switch name {
	case "Uniter.SetAgentStatus", "Uniter.SetUnitStatus":
		var a params.SetStatus
		if decode(raw, &a) != nil || len(a.Entities) != 1 {
			return nil
		}
		key := "agent_status"
		if name == "Uniter.SetUnitStatus" {
			key = "unit_status"
		}
		e := event{key: a.Entities[0].Status, "message": a.Entities[0].Info}
		if len(a.Entities[0].Data) > 0 {
			e["data"] = a.Entities[0].Data
		}
		return e
	case "Uniter.SetState":
		return compactState(raw)
	case "Uniter.CommitHookChanges":
		var a struct {
			Args []map[string]any `json:"args"`
		}
		if decode(raw, &a) != nil || len(a.Args) != 1 {
			return nil
		}
		delete(a.Args[0], "tag")
		for k, v := range a.Args[0] {
			if v == nil {
				delete(a.Args[0], k)
			}
		}
		return event{"api": "CommitHookChanges", "args": a.Args[0]}
	}
	if !recorded[name] {
		return nil
	}
	return event{"api": name[strings.IndexByte(name, '.')+1:], "args": raw}
}

// compactState shows what the agent saves.
func compactState(raw json.RawMessage) event {
	var a params.SetUnitStateArgs
	if decode(raw, &a) != nil || len(a.Args) != 1 {
		return nil
	}
	e := event{}
	arg := a.Args[0]
	if arg.UniterState != nil {
		var st map[string]any
		if yaml.Unmarshal([]byte(*arg.UniterState), &st) != nil {
			return nil
		}
		e["saved"] = "uniter"
		e["kind"], e["step"] = st["op"], st["opstep"]
		if h, ok := st["hook"].(map[any]any); ok {
			e["hook"] = h["kind"]
		}
		if v, ok := st["hook-step"]; ok {
			e["hook_step"] = v
		}
		flags := []string{}
		for _, f := range []string{"leader", "installed", "started", "stopped", "removed", "status-set"} {
			if st[f] == true {
				flags = append(flags, f)
			}
		}
		e["flags"] = strings.Join(flags, " ")
	}
	if arg.RelationState != nil {
		all := map[int]any{}
		for id, text := range *arg.RelationState {
			all[id] = plain(text)
		}
		e["saved"], e["state"] = "relation", all
	}
	if arg.StorageState != nil {
		e["saved"], e["state"] = "storage", plain(*arg.StorageState)
	}
	if arg.SecretState != nil {
		e["saved"], e["state"] = "secret", plain(*arg.SecretState)
	}
	return e
}

// plain parses YAML into values that JSON can carry.
func plain(text string) any {
	var v any
	if yaml.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	var walk func(any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case map[any]any:
			out := map[string]any{}
			for k, x := range v {
				name, ok := k.(string)
				if !ok {
					name = string(mustJSON(k))
				}
				out[name] = walk(x)
			}
			return out
		case []any:
			for i := range v {
				v[i] = walk(v[i])
			}
		}
		return v
	}
	return walk(v)
}

// logSink turns log lines into activity, and warnings and errors into events.
type logSink struct {
	rec   *recorder
	debug func(string)
}

// Write implements loggo.Writer.
func (l *logSink) Write(entry loggo.Entry) {
	if l.debug != nil {
		l.debug(entry.Timestamp.Format("05.000 ") + entry.Level.String() + " " + entry.Module + " " + entry.Message)
	}
	if entry.Level >= loggo.WARNING && !strings.HasPrefix(entry.Module, "unit.") {
		l.rec.add(event{"log": entry.Message, "level": entry.Level.String()})
		return
	}
	if strings.HasSuffix(entry.Module, ".juju-log") {
		l.rec.add(event{"juju_log": entry.Message})
		return
	}
	l.rec.touch()
}
