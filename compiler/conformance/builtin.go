package main

import (
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

// builtIns are the kinds of Kubernetes itself that manifests may hold.
var builtIns = map[string]func() any{
	"v1 Namespace":                                    func() any { return &corev1.Namespace{} },
	"v1 ServiceAccount":                               func() any { return &corev1.ServiceAccount{} },
	"v1 ConfigMap":                                    func() any { return &corev1.ConfigMap{} },
	"v1 Secret":                                       func() any { return &corev1.Secret{} },
	"v1 Service":                                      func() any { return &corev1.Service{} },
	"v1 PersistentVolumeClaim":                        func() any { return &corev1.PersistentVolumeClaim{} },
	"batch/v1 CronJob":                                func() any { return &batchv1.CronJob{} },
	"rbac.authorization.k8s.io/v1 Role":               func() any { return &rbacv1.Role{} },
	"rbac.authorization.k8s.io/v1 RoleBinding":        func() any { return &rbacv1.RoleBinding{} },
	"rbac.authorization.k8s.io/v1 ClusterRole":        func() any { return &rbacv1.ClusterRole{} },
	"rbac.authorization.k8s.io/v1 ClusterRoleBinding": func() any { return &rbacv1.ClusterRoleBinding{} },
}

func isBuiltIn(d *document) bool {
	_, known := builtIns[d.apiVersion+" "+d.kind]
	return known
}

// checkBuiltIn decodes a Kubernetes object strictly and applies the few rules that a type alone does not say.
func checkBuiltIn(d *document, objects *objects) {
	object := builtIns[d.apiVersion+" "+d.kind]()
	d.verified = true
	if !d.decode(object) {
		return
	}
	switch object := object.(type) {
	case *rbacv1.Role:
		checkRules(d, object.Rules)
	case *rbacv1.ClusterRole:
		checkRules(d, object.Rules)
	case *rbacv1.RoleBinding:
		checkSubjects(d, object.Subjects)
	case *rbacv1.ClusterRoleBinding:
		checkSubjects(d, object.Subjects)
	case *corev1.PersistentVolumeClaim:
		checkClaim(d, object.Spec)
	case *batchv1.CronJob:
		checkCronJob(d, object)
	}
	if objects != nil {
		objects.keep(d, object)
	}
}

// checkRules refuses wildcards and rules that grant nothing.
func checkRules(d *document, rules []rbacv1.PolicyRule) {
	for i, rule := range rules {
		for _, list := range []struct {
			name   string
			values []string
		}{
			{"apiGroups", rule.APIGroups},
			{"resources", rule.Resources},
			{"resourceNames", rule.ResourceNames},
			{"verbs", rule.Verbs},
			{"nonResourceURLs", rule.NonResourceURLs},
		} {
			if slices.Contains(list.values, "*") {
				d.refuse("rules[%d].%s: a wildcard grants more than any step needs", i, list.name)
			}
		}
		if len(rule.Verbs) == 0 {
			d.refuse("rules[%d].verbs: required value", i)
		}
		if len(rule.NonResourceURLs) == 0 && (len(rule.APIGroups) == 0 || len(rule.Resources) == 0) {
			d.refuse("rules[%d]: apiGroups and resources are required", i)
		}
	}
}

func checkSubjects(d *document, subjects []rbacv1.Subject) {
	for i, subject := range subjects {
		if subject.Kind == rbacv1.ServiceAccountKind && subject.Namespace == "" {
			d.refuse("subjects[%d].namespace: required for a ServiceAccount", i)
		}
	}
}

func checkClaim(d *document, spec corev1.PersistentVolumeClaimSpec) {
	if len(spec.AccessModes) == 0 {
		d.refuse("spec.accessModes: required value")
	}
	if _, ok := spec.Resources.Requests[corev1.ResourceStorage]; !ok {
		d.refuse("spec.resources.requests.storage: required value")
	}
}

func checkCronJob(d *document, job *batchv1.CronJob) {
	if job.Spec.Schedule == "" {
		d.refuse("spec.schedule: required value")
	}
	pod := job.Spec.JobTemplate.Spec.Template.Spec
	if len(pod.Containers) == 0 {
		d.refuse("spec.jobTemplate.spec.template.spec.containers: required value")
	}
	if pod.RestartPolicy != corev1.RestartPolicyOnFailure && pod.RestartPolicy != corev1.RestartPolicyNever {
		d.refuse("spec.jobTemplate.spec.template.spec.restartPolicy: must be OnFailure or Never")
	}
	// ServiceAccounts of jobs are looked up with the folder's other references.
	for i, container := range pod.Containers {
		if container.Image == "" || container.Name == "" {
			d.refuse("spec.jobTemplate.spec.template.spec.containers[%d]: name and image are required", i)
		}
	}
}
