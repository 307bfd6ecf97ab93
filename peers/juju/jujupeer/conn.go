package main

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/juju/errors"
)

// Call is one API request that the agent made.
type Call struct {
	Method string          `json:"method"` // Facade.Method
	Args   json.RawMessage `json:"args,omitempty"`
	Error  string          `json:"error,omitempty"`
	// Tool is the hook command that was running, "" outside of any.
	Tool string `json:"tool,omitempty"`
	// Phase is "context" (building the hook context), "charm" (the charm's
	// process is running) or "flush" (after it ended).
	Phase string `json:"phase"`
	AtMS  int64  `json:"at_ms"`
}

// controller is the fake API server of one unit agent. It implements
// base.APICaller.
type controller struct {
	mu       sync.Mutex
	model    *Model
	handlers map[string]handler
	versions map[string]int
	now      func() time.Time

	calls   []Call
	tool    string
	phase   string
	started time.Time
}

func newController(m *Model) *controller {
	c := &controller{
		model:    m,
		handlers: map[string]handler{},
		versions: facades(),
		now:      time.Now,
	}
	c.addUniter()
	c.addSecrets()
	c.addMisc()
	c.addLife()
	return c
}

// begin starts the record of a run.
func (c *controller) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls, c.tool, c.phase, c.started = []Call{}, "", "context", time.Now()
}

func (c *controller) setPhase(phase string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phase = phase
	if phase != "charm" {
		c.tool = ""
	}
}

func (c *controller) setTool(tool string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tool = tool
}

func (c *controller) recorded() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Call{}, c.calls...)
}

// APICall implements base.APICaller.
func (c *controller) APICall(facade string, version int, id, name string, args, response any) error {
	raw, err := json.Marshal(args)
	if err != nil {
		return errors.Trace(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	call := Call{
		Method: facade + "." + name,
		Args:   raw,
		Tool:   c.tool,
		Phase:  c.phase,
		AtMS:   time.Since(c.started).Milliseconds(),
	}
	result, err := c.serve(call.Method, raw)
	if err != nil {
		call.Error = err.Error()
	} else if e := firstError(result); e != "" {
		call.Error = e
	}
	c.calls = append(c.calls, call)
	return reply(result, err, response)
}

// fetched notes that a resource was asked for.
func (c *controller) fetched(path string) {
	c.calls = append(c.calls, Call{
		Method: "HTTP.GET", Args: json.RawMessage(mustJSON(path)),
		Tool: c.tool, Phase: c.phase, AtMS: time.Since(c.started).Milliseconds(),
	})
}
