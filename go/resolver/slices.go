package resolver

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// slice has the fields of an EndpointSlice (discovery.k8s.io/v1) that are used.
type slice struct {
	Metadata struct {
		Name            string
		ResourceVersion string
	}
	AddressType string
	Ports       []slicePort
	Endpoints   []struct {
		Addresses  []string
		Conditions struct{ Ready, Serving, Terminating *bool }
	}
}

type slicePort struct {
	Name        string
	Port        int
	Protocol    string
	AppProtocol string
}

// sliceMapper makes one list of all slices of a Service. Slices overlap: an address that stands in
// several counts as the slice says that was written last.
type sliceMapper struct {
	port   string // a name, a number, or "" for the only one
	family string // IPv4 or IPv6: the one that is used where there is a choice
}

func (m sliceMapper) instances(all map[string]slice) ([]Instance, error) {
	used := m.ofOneFamily(all)
	slices.SortFunc(used, func(a, b slice) int {
		return cmp.Or(
			cmp.Compare(len(a.Metadata.ResourceVersion), len(b.Metadata.ResourceVersion)),
			strings.Compare(a.Metadata.ResourceVersion, b.Metadata.ResourceVersion))
	})
	wanted, err := m.wanted(used)
	if err != nil {
		return nil, err
	}
	found := map[string]Instance{}
	for _, s := range used {
		port := wanted(s)
		if port == 0 {
			continue
		}
		for _, e := range s.Endpoints {
			// The others are only other names of it.
			if len(e.Addresses) == 0 {
				continue
			}
			address := net.JoinHostPort(e.Addresses[0], strconv.Itoa(port))
			ready := e.Conditions.Ready == nil || *e.Conditions.Ready
			draining := e.Conditions.Terminating != nil && *e.Conditions.Terminating
			if checkAddress(address) == nil {
				found[address] = Instance{Address: address, Ready: ready, Draining: draining}
			}
		}
	}
	list := make([]Instance, 0, len(found))
	for _, each := range found {
		list = append(list, each)
	}
	return list, nil
}

// ofOneFamily: a pod with two addresses is still one pod.
func (m sliceMapper) ofOneFamily(all map[string]slice) []slice {
	var preferred, other []slice
	preferredHolds, otherHolds := false, false
	for _, each := range all {
		each.Ports = slices.DeleteFunc(slices.Clone(each.Ports), func(p slicePort) bool { return p.Protocol != "" && p.Protocol != "TCP" })
		switch {
		case strings.EqualFold(each.AddressType, m.family):
			preferred = append(preferred, each)
			preferredHolds = preferredHolds || len(each.Endpoints) > 0
		case strings.EqualFold(each.AddressType, "IPv4"), strings.EqualFold(each.AddressType, "IPv6"):
			other = append(other, each)
			otherHolds = otherHolds || len(each.Endpoints) > 0
		}
	}
	if preferredHolds || !otherHolds {
		return preferred
	}
	return other
}

// wanted is the port in each slice, 0 for none. A slice without ports leaves them open.
func (m sliceMapper) wanted(used []slice) (func(slice) int, error) {
	number, _ := strconv.Atoi(m.port)
	fits := func(p slicePort) bool { return p.Name == m.port }
	switch {
	case number > 0:
		fits = func(p slicePort) bool { return p.Port == number || p.Port == 0 }
	case m.port == "":
		name, err := onlyPort(used)
		if err != nil {
			return nil, err
		}
		fits = func(p slicePort) bool { return p.Name == name }
	}
	in := func(s slice) int {
		if len(s.Ports) == 0 {
			return number
		}
		for _, p := range s.Ports {
			if fits(p) {
				return cmp.Or(p.Port, number)
			}
		}
		return 0
	}
	filled := false
	for _, s := range used {
		if len(s.Endpoints) > 0 {
			filled = true
			if in(s) > 0 {
				return in, nil
			}
		}
	}
	if filled {
		return nil, fmt.Errorf("port: %s (expected: %s)", shown(m.port), knownPorts(used))
	}
	return in, nil
}

// onlyPort is the name of the only port, or of the one that speaks gRPC.
func onlyPort(used []slice) (string, error) {
	names, speaking := map[string]bool{}, map[string]bool{}
	for _, s := range used {
		for _, p := range s.Ports {
			names[p.Name] = true
			if strings.HasPrefix(p.Name, "grpc-") || p.AppProtocol == "grpc" || p.AppProtocol == "kubernetes.io/h2c" || p.AppProtocol == "h2c" {
				speaking[p.Name] = true
			}
		}
	}
	switch {
	case names["grpc"]:
		return "grpc", nil
	case len(names) > 1:
		names = speaking
	}
	if len(names) > 1 || (len(names) == 0 && len(speaking) == 0 && hasPorts(used)) {
		return "", fmt.Errorf("port: not said (expected: %s)", knownPorts(used))
	}
	for name := range names {
		return name, nil
	}
	return "", nil
}

func hasPorts(used []slice) bool {
	return slices.ContainsFunc(used, func(s slice) bool { return len(s.Ports) > 0 })
}

// knownPorts are those of the slices; numbers are those of the pods.
func knownPorts(used []slice) string {
	var known []string
	for _, s := range used {
		for _, p := range s.Ports {
			known = append(known, strings.TrimPrefix(fmt.Sprintf("%s or %d", p.Name, p.Port), " or "))
		}
	}
	slices.Sort(known)
	if known = slices.Compact(known); len(known) == 0 {
		return "a number, as the Service names no port"
	}
	return strings.Join(known, ", ")
}
