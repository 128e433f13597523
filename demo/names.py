"""Given names of the made-up people: common Indonesian ones, put together at random."""

from typing import Final

WOMEN: Final = (
    *("Siti", "Sri", "Dewi", "Nur", "Tuti", "Wati", "Yuni", "Rina", "Lilis", "Endang", "Kartini", "Suparti", "Ratna"),
    *("Umiyati", "Tarwiyah", "Casmi", "Daryati", "Rokhayah", "Khotimah", "Mutmainah", "Warsiti", "Saryati", "Turinah"),
)
WOMENS_SECOND: Final = (
    *("Aminah", "Lestari", "Wahyuni", "Handayani", "Rahayu", "Ningsih", "Astuti", "Fatimah", "Kurniasih", "Mulyani"),
    *("Khasanah", "Utami", "Puspita", "Setiawati", "Maryam", "Zulaikha", "Indriani", "Komariah", "Rosidah", "Sulastri"),
)
MEN: Final = (
    *("Ahmad", "Slamet", "Bambang", "Joko", "Agus", "Eko", "Dwi", "Tri", "Wahyu", "Suparno", "Tarjo", "Casmadi"),
    *("Daryono", "Rokhim", "Kusnadi", "Warto", "Saryono", "Turmudi", "Khaerudin", "Abdul", "Rasmo", "Tasripin"),
)
MENS_SECOND: Final = (
    *("Santoso", "Wibowo", "Setiawan", "Hidayat", "Prasetyo", "Nugroho", "Susilo", "Purnomo", "Hartono", "Mulyono"),
    *("Ridwan", "Fauzi", "Maulana", "Riyadi", "Sutrisno", "Widodo", "Saputra", "Firmansyah", "Iskandar", "Gunawan"),
)
