package cmd

import "github.com/gatehouse-auth/gatehouse/admin"

// lookFlags are the colours of a tenant's pages.
type lookFlags struct {
	BrandColor      *string `placeholder:"#RRGGBB" help:"Colour of the buttons on its pages. --brand-color= for the platform's."`
	BackgroundColor *string `placeholder:"#RRGGBB" help:"Colour behind its pages. --background-color= for the platform's."`
}

func (f *lookFlags) look() (look admin.Look) {
	if f.BrandColor != nil {
		look.BrandColor = *f.BrandColor
	}
	if f.BackgroundColor != nil {
		look.BackgroundColor = *f.BackgroundColor
	}
	return look
}

// change adds the given flags to a merge patch.
func (f *lookFlags) change(p change) {
	p.text("brand_color", f.BrandColor)
	p.text("background_color", f.BackgroundColor)
}
