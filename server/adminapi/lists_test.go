package adminapi_test

// lists walks every operation that answers a list: each is paged.
func (d *desk) lists() {
	token := d.operator()
	for path, item := range d.spec.Paths.Map() {
		if item.Get == nil || item.Get.Responses.Status(200).Value.Content.Get("application/json") == nil {
			continue
		}
		properties := item.Get.Responses.Status(200).Value.Content.Get("application/json").Schema.Value.Properties
		if properties["items"] == nil {
			continue
		}
		name, c := item.Get.OperationID, call{method: "GET", path: d.fill(path, "acme"), token: token}
		if item.Get.Parameters.GetByInAndName("query", "page_size") == nil || item.Get.Parameters.GetByInAndName("query", "page_token") == nil || properties["next_page_token"] == nil {
			d.t.Errorf("%s answers a list and is not paged", name)
		}
		for query, field := range map[string]string{"page_size=0": "page_size", "page_size=201": "page_size", "page_size=x": "page_size", "page_token=forged": "page_token"} {
			wrong := c
			wrong.path += "?" + query
			if refused := d.want(400, "invalid", wrong); refused.text("field") != field {
				d.t.Errorf("%s with %s: %s", name, query, refused.raw)
			}
		}
		whole := c
		whole.path += "?page_size=200"
		if token, isText := d.want(200, "", whole).body["next_page_token"].(string); !isText || token != "" {
			d.t.Errorf("%s: next_page_token of the last page is %q, %v", name, token, isText)
		}
		c.path += "?page_size=1"
		if items, isList := d.want(200, "", c).body["items"].([]any); !isList || len(items) > 1 {
			d.t.Errorf("%s: a page of 1 has %v", name, items)
		}
	}
}
