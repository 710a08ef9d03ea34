"""systemd's user unit of a product's service, as the packages of Linux systems install it."""

from release.packagers import templates
from release.packagers.quoting import Language
from release.product import Product


def user_unit(product: Product) -> str:
    """The unit; the product must have a service.

    Raises:
        TemplateError: the template is missing or broken.
    """
    values = {"command": product.main, "name": product.name, "service": product.service}
    return templates.render(product, "aur/service", Language.SYSTEMD, values)
