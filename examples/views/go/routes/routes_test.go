package routes

import "testing"

func TestTemplate(t *testing.T) {
	for path, want := range map[string]string{
		"/orders/84321": "/orders/{id}",
		"/users/550E8400-e29b-41d4-a716-446655440000/cart": "/users/{uuid}/cart",
		"/api/v2//7/": "/api/v2//{id}/",
		"":            "",
	} {
		if got := Template(path); got != want {
			t.Errorf("Template(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestClass(t *testing.T) {
	if class, ok := Class(404); class != "4xx" || !ok {
		t.Errorf("Class(404) = %q, %v", class, ok)
	}
	if _, ok := Class(600); ok {
		t.Error("600 is no status")
	}
}
