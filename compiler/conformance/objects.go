package main

import (
	"fmt"
	"maps"
	"slices"
	"sort"

	v1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

// key names an object within a folder.
type key struct{ namespace, name string }

// kept is a typed object with the document that it came from.
type kept[T any] struct {
	document *document
	object   T
}

// objects are the typed, accepted objects of a folder: references between documents are looked up here.
type objects struct {
	dir string

	tasks           map[key]kept[*v1.Task]
	pipelines       map[key]kept[*v1.Pipeline]
	pipelineRuns    []kept[*v1.PipelineRun]
	taskRuns        []kept[*v1.TaskRun]
	serviceAccounts map[key]*corev1.ServiceAccount
	roles           map[key]*rbacv1.Role
	clusterRoles    map[key]*rbacv1.ClusterRole
	roleBindings    []kept[*rbacv1.RoleBinding]
	cronJobs        []kept[*batchv1.CronJob]
	embedded        map[*document][]*document // manifests by the Task's document
}

func newObjects(dir string) *objects {
	return &objects{
		dir:             dir,
		tasks:           map[key]kept[*v1.Task]{},
		pipelines:       map[key]kept[*v1.Pipeline]{},
		serviceAccounts: map[key]*corev1.ServiceAccount{},
		roles:           map[key]*rbacv1.Role{},
		clusterRoles:    map[key]*rbacv1.ClusterRole{},
		embedded:        map[*document][]*document{},
	}
}

// keep files a typed object under its name.
func (o *objects) keep(d *document, object any) {
	at := key{d.namespace, d.name}
	switch object := object.(type) {
	case *v1.Task:
		o.tasks[at] = kept[*v1.Task]{d, object}
	case *v1.Pipeline:
		o.pipelines[at] = kept[*v1.Pipeline]{d, object}
	case *v1.PipelineRun:
		o.pipelineRuns = append(o.pipelineRuns, kept[*v1.PipelineRun]{d, object})
	case *v1.TaskRun:
		o.taskRuns = append(o.taskRuns, kept[*v1.TaskRun]{d, object})
	case *corev1.ServiceAccount:
		o.serviceAccounts[at] = object
	case *rbacv1.Role:
		o.roles[at] = object
	case *rbacv1.ClusterRole:
		o.clusterRoles[at] = object
	case *rbacv1.RoleBinding:
		o.roleBindings = append(o.roleBindings, kept[*rbacv1.RoleBinding]{d, object})
	case *batchv1.CronJob:
		o.cronJobs = append(o.cronJobs, kept[*batchv1.CronJob]{d, object})
	}
}

func sortedKeys[T any](m map[string]T) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// sortedKeysOf are the keys of a map in the order of their printed form.
func sortedKeysOf[K comparable, V any](m map[K]V) []K {
	out := slices.Collect(maps.Keys(m))
	sort.Slice(out, func(i, j int) bool { return fmt.Sprint(out[i]) < fmt.Sprint(out[j]) })
	return out
}
