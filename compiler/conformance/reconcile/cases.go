package reconcile

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// A case is a pipeline, what its pods do, and what the simulator says becomes of it.
type Case struct {
	Name     string            `json:"name"`
	Workflow Workflow          `json:"workflow"`
	Declares map[string][]Type `json:"declares"`
	Ends     []End             `json:"ends"`
	Run      Run               `json:"run"`
}

// Workflow is a pipeline reduced to what decides how a run goes.
type Workflow struct {
	Defaults map[string]Value `json:"defaults"`
	Tasks    []Task           `json:"tasks"`
	Finally  []Task           `json:"finally"`
	Results  []Given          `json:"results"`
}

// Task is a pipeline task.
type Task struct {
	Name    string   `json:"name"`
	When    []When   `json:"when"`
	Params  []Given  `json:"params"`
	Matrix  []Given  `json:"matrix"`
	After   []string `json:"after"`
	Retries int      `json:"retries"`
	GoesOn  bool     `json:"goes_on"`
}

// When is a guard.
type When struct {
	Input    string   `json:"input"`
	Operator string   `json:"operator"`
	Values   []string `json:"values"`
}

// Given is a name with a value.
type Given struct {
	Name  string `json:"name"`
	Value Value  `json:"value"`
}

// Type is a declared result.
type Type struct {
	Name  string `json:"name"`
	Array bool   `json:"array"`
}

// End is the end of an attempt of a pod; ends stand in the order in which they happen.
type End struct {
	Task      string           `json:"task"`
	Instance  int              `json:"instance"`
	Succeeded bool             `json:"succeeded"`
	Results   map[string]Value `json:"results"`
}

// Run is how a run ended.
type Run struct {
	Tasks     map[string]string `json:"tasks"`
	Condition string            `json:"condition"`
	Results   map[string]Value  `json:"results"`
}

// Value is a string or an array of strings.
type Value struct {
	Text  string
	Items []string
	Array bool
}

// UnmarshalJSON reads a text or a list of texts.
func (v *Value) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &v.Text) == nil {
		return nil
	}
	v.Array = true
	return json.Unmarshal(data, &v.Items)
}

// MarshalJSON writes it as it is read.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.Array {
		return json.Marshal(v.Items)
	}
	return json.Marshal(v.Text)
}

// ReadCases reads a file with a case on each line.
func ReadCases(path string) ([]Case, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	var all []Case
	for lines.Scan() {
		var one Case
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return nil, fmt.Errorf("line %d: %w", len(all)+1, err)
		}
		all = append(all, one)
	}
	return all, lines.Err()
}
