package main

import (
	"path/filepath"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// checkTogether judges what the documents of a folder say of each other.
func (c *checker) checkTogether(f *folder, objects *objects) {
	checkDuplicates(f)
	checkRoleBindings(objects)
	checkPipelines(objects, c.schemas)
	checkCronJobAccounts(objects)
	for _, d := range f.documents {
		if d.kind == "Kustomization" && len(d.problems) == 0 {
			checkKustomization(d, f)
		}
	}
}

// checkDuplicates refuses a second object of the same name: applying the folder would overwrite the first.
func checkDuplicates(f *folder) {
	type identity struct{ group, kind, namespace, name string }
	seen := map[identity]*document{}
	for _, d := range f.documents {
		if !d.applyable() {
			continue
		}
		id := identity{d.group(), d.kind, d.namespace, d.name}
		if first, present := seen[id]; present {
			d.refuse("the same object is in %s", first.where())
			continue
		}
		seen[id] = d
	}
}

// checkRoleBindings wants roles and subjects in the folder that binds them.
func checkRoleBindings(o *objects) {
	for _, binding := range o.roleBindings {
		d, b := binding.document, binding.object
		switch b.RoleRef.Kind {
		case "Role":
			if _, ok := o.roles[key{b.Namespace, b.RoleRef.Name}]; !ok {
				d.refuse("roleRef: no Role %s in this folder", b.RoleRef.Name)
			}
		case "ClusterRole":
			if _, ok := o.clusterRoles[key{"", b.RoleRef.Name}]; !ok {
				d.note("ClusterRole %s is expected in the cluster", b.RoleRef.Name)
			}
		default:
			d.refuse("roleRef.kind: %q is neither Role nor ClusterRole", b.RoleRef.Kind)
		}
		if b.RoleRef.APIGroup != rbacv1.GroupName {
			d.refuse("roleRef.apiGroup: must be %s", rbacv1.GroupName)
		}
		if len(b.Subjects) == 0 {
			d.refuse("subjects: nobody is bound")
		}
		for i, subject := range b.Subjects {
			if subject.Kind != rbacv1.ServiceAccountKind {
				continue
			}
			if _, ok := o.serviceAccounts[key{subject.Namespace, subject.Name}]; !ok {
				d.refuse("subjects[%d]: no ServiceAccount %s in this folder", i, subject.Name)
			}
		}
	}
}

// checkCronJobAccounts wants the ServiceAccount of a job in the folder.
func checkCronJobAccounts(o *objects) {
	for _, job := range o.cronJobs {
		checkAccount(job.document, o, job.object.Namespace, job.object.Spec.JobTemplate.Spec.Template.Spec.ServiceAccountName, "serviceAccountName")
	}
}

// checkAccount wants a named ServiceAccount in the folder; every namespace has one called default.
func checkAccount(d *document, o *objects, namespace, name, field string) {
	if name == "" || name == "default" {
		return
	}
	if _, ok := o.serviceAccounts[key{namespace, name}]; !ok {
		d.refuse("%s: no ServiceAccount %s in this folder", field, name)
	}
}

// allowed says whether a ServiceAccount's Roles in the object's namespace grant the verb on it.
func (o *objects) allowed(account key, verb, group, resource string, object key) bool {
	for _, binding := range o.roleBindings {
		b := binding.object
		if b.Namespace != object.namespace || b.RoleRef.Kind != "Role" {
			continue
		}
		bound := slices.ContainsFunc(b.Subjects, func(s rbacv1.Subject) bool {
			return s.Kind == rbacv1.ServiceAccountKind && s.Namespace == account.namespace && s.Name == account.name
		})
		role, ok := o.roles[key{b.Namespace, b.RoleRef.Name}]
		if !bound || !ok {
			continue
		}
		for _, rule := range role.Rules {
			if slices.Contains(rule.APIGroups, group) && slices.Contains(rule.Resources, resource) && slices.Contains(rule.Verbs, verb) &&
				(len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, object.name)) {
				return true
			}
		}
	}
	return false
}

// checkKustomization builds the folder with kustomize itself, then wants everything applyable in the result.
func checkKustomization(d *document, f *folder) {
	d.verified = true
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Dir(d.path))
	if err != nil {
		d.refuse("kustomize: %v", err)
		return
	}
	type identity struct{ group, kind, name string }
	inside := map[identity]int{}
	for _, resource := range built.Resources() {
		gvk := resource.GetGvk()
		inside[identity{gvk.Group, gvk.Kind, resource.GetName()}]++
	}
	missing := map[string]bool{}
	for _, other := range f.documents {
		id := identity{other.group(), other.kind, other.name}
		if !other.applyable() || missing[other.path] {
			continue
		}
		if inside[id] == 0 {
			missing[other.path] = true
			d.refuse("%s is not listed, though it can be applied", filepath.Base(other.path))
			continue
		}
		inside[id]--
	}
	d.note("%d resources", built.Size())
}
