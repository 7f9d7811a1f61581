package pages

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"math"
	"strconv"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Colours where the tenant has none.
const (
	defaultBrand      = "#1d4ed8"
	defaultBackground = "#eef1f5"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed templates/page.css
var sheet string

// looks draws pages in the colours of their tenants.
type looks struct{ templates *template.Template }

func newLooks() looks {
	return looks{template.Must(template.New("").ParseFS(templates, "templates/*.html"))}
}

// look is the style of a page, and the policy that allows this style and no
// other (CSP level 3): no script, no frame, nothing from elsewhere.
type look struct {
	Style  template.CSS
	policy string
}

// of returns the tenant's look. Its colours are the only thing of a tenant's in
// it, and are nothing but #rrggbb.
func (looks) of(t *tenants.Tenant) look {
	brand, background := t.BrandColor, t.BackgroundColor
	if !tenants.ValidColor(brand) {
		brand = defaultBrand
	}
	if !tenants.ValidColor(background) {
		background = defaultBackground
	}
	style := ":root{--brand:" + brand + ";--on-brand:" + readableOn(brand) + ";--background:" + background + "}\n" + sheet
	sum := sha256.Sum256([]byte(style))
	return look{
		Style: template.CSS(style),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; " +
			"form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
	}
}

// readableOn returns black or white, whichever has more contrast on the colour
// (WCAG 2.2, relative luminance); it is 4.5 to 1 at least.
func readableOn(color string) string {
	channel := func(i int) float64 {
		n, err := strconv.ParseUint(color[i:i+2], 16, 8)
		if err != nil {
			return 0 // not reached: the colour is valid
		}
		return linear(float64(n) / 255)
	}
	luminance := 0.2126*channel(1) + 0.7152*channel(3) + 0.0722*channel(5)
	if (luminance+0.05)/0.05 >= 1.05/(luminance+0.05) {
		return "#000000"
	}
	return "#ffffff"
}

// linear undoes the gamma of sRGB.
func linear(c float64) float64 {
	if c <= 0.04045 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}
