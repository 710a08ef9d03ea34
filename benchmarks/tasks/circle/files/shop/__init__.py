from shop.orders import total
from shop.prices import price

__all__ = ["price", "total"]
