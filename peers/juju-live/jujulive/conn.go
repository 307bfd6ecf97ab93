package main

import (
	"bytes"
	"encoding/json"
	"sync"
	"time"

	"github.com/juju/errors"

	"github.com/juju/juju/rpc"
)

// controller is the in-memory API server. It outlives the agent that talks to
// it, so that an agent can be restarted against the state it saved.
type controller struct {
	mu       sync.Mutex
	cond     *sync.Cond // signalled after every change; guards watchers
	model    *Model
	handlers map[string]handler
	versions map[string]int
	watches  map[string]*watch
	nextID   int
	now      func() time.Time
	rec      *recorder
	crash    *crashPoint
	work     string // for temporary files
}

// crashPoint makes the agent die at an API call.
type crashPoint struct {
	Method string `json:"method"`
	// Match is a text that the arguments must contain.
	Match string `json:"match,omitempty"`
	// After lets the call take effect; its answer is lost.
	After bool `json:"after,omitempty"`
}

func (p *crashPoint) hit(method string, args []byte) bool {
	return p != nil && p.Method == method && bytes.Contains(args, []byte(p.Match))
}

func newController(m *Model, rec *recorder, now func() time.Time) *controller {
	c := &controller{
		model:    m,
		handlers: map[string]handler{},
		versions: facades(),
		watches:  map[string]*watch{},
		now:      now,
		rec:      rec,
	}
	c.cond = sync.NewCond(&c.mu)
	c.addUniter()
	c.addSecrets()
	c.addMisc()
	c.addLifecycle()
	c.addSecretLife()
	c.addWatchers()
	return c
}

// conn is the API connection of one agent process. It implements
// base.APICaller. Once it is cut every call fails, so that nothing that the
// agent still does after its "death" reaches the controller.
type conn struct {
	*controller
	cut bool
}

// sever cuts the connection and wakes up everything that waits on it.
func (c *conn) sever() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = true
	c.cond.Broadcast()
}

// APICall implements base.APICaller.
func (c *conn) APICall(facade string, version int, id, name string, args, response any) error {
	raw, err := json.Marshal(args)
	if err != nil {
		return errors.Trace(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut {
		return rpc.ErrShutdown
	}
	var result any
	if w, ok := c.watches[id]; ok && id != "" {
		result, err = c.serveWatch(w, name)
	} else {
		method := facade + "." + name
		if c.crash.hit(method, raw) && !c.crash.After {
			c.cut, c.crash = true, nil
			c.rec.add(event{"crash": method})
			c.cond.Broadcast()
			return rpc.ErrShutdown
		}
		result, err = c.serve(method, raw)
		c.rec.call(method, raw, result, err)
		if c.crash.hit(method, raw) {
			c.cut, c.crash = true, nil
			c.rec.add(event{"crash": method, "after": true})
			c.cond.Broadcast()
			return rpc.ErrShutdown
		}
		c.cond.Broadcast()
	}
	if err == rpc.ErrShutdown {
		return err
	}
	return reply(result, err, response)
}

// fetched is of no interest: a read.
func (c *controller) fetched(string) {}
